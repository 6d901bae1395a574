package dev.wireproof.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CodecRoundTripTest {
    static List<AgentMessage> agentMessages() {
        return MessageExamples.agentMessages();
    }

    static List<ServerMessage> serverMessages() {
        return MessageExamples.serverMessages();
    }

    @Test
    void every_message_has_an_example_and_its_class_name_is_its_wire_name() {
        assertThat(agentMessages().stream().map(AgentMessageCodec::typeName).collect(Collectors.toSet()))
                .isEqualTo(names(AgentMessage.class));
        assertThat(serverMessages().stream().map(ServerMessageCodec::typeName).collect(Collectors.toSet()))
                .isEqualTo(names(ServerMessage.class));
    }

    private static Set<String> names(Class<?> messages) {
        return Stream.of(messages.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("agentMessages")
    void an_agent_message_survives_the_wire(AgentMessage message) {
        assertThat(AgentMessageCodec.decode(AgentMessageCodec.encode(message)))
                .isEqualTo(new Decoded.Usable<>(message));
    }

    @ParameterizedTest
    @MethodSource("serverMessages")
    void a_server_message_survives_the_wire(ServerMessage message) {
        assertThat(ServerMessageCodec.decode(ServerMessageCodec.encode(message)))
                .isEqualTo(new Decoded.Usable<>(message));
    }

    @Test
    void a_command_is_written_the_same_whatever_order_its_environment_had() {
        String text = ServerMessageCodec.encode(MessageExamples.command(Map.of("B", "2", "A", "1", "C", "3")));
        assertThat(text)
                .startsWith(
                        "{\"type\":\"Command\",\"payload\":{\"command_id\":\"0198c0de-0000-7000-8000-000000000001\",")
                .contains("\"env\":{\"A\":\"1\",\"B\":\"2\",\"C\":\"3\"}")
                .contains("\"issued_at\":\"2026-11-25T10:11:12.345678Z\"");
    }

    @Test
    void a_lone_surrogate_leaves_as_an_escape_and_never_as_a_character() {
        assertThat(ServerMessageCodec.encode(new ServerMessage.Echo("a\ud83d😀\ude00")))
                .contains("\"a\\ud83d😀\\ude00\"");
    }

    @Test
    void the_key_of_an_agent_is_only_named_where_there_is_one() {
        ServerMessage.AuthAck with = (ServerMessage.AuthAck) serverMessages().getFirst();
        var without = new ServerMessage.AuthAck(
                with.agentId(),
                null,
                with.connectionId(),
                with.epoch(),
                30,
                20,
                90,
                65536,
                with.serverTime(),
                "1.0",
                List.of());
        assertThat(ServerMessageCodec.encode(without)).doesNotContain("agent_key");
        assertThat(ServerMessageCodec.decode(ServerMessageCodec.encode(without)))
                .isEqualTo(new Decoded.Usable<>(without));
    }
}

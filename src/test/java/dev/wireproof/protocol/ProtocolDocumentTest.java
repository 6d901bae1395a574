package dev.wireproof.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code docs/protocol.md} shows is what the code does: somebody writes an agent with nothing else at hand. */
class ProtocolDocumentTest {
    private static final String DOCUMENT = read();
    private static final Pattern EXAMPLE = Pattern.compile("```json\n(.*?)```", Pattern.DOTALL);

    private static String read() {
        try {
            return Files.readString(Path.of("docs/protocol.md"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String section(String heading) {
        int start = DOCUMENT.indexOf("\n## " + heading);
        int end = DOCUMENT.indexOf("\n## ", start + 1);
        return DOCUMENT.substring(start, end < 0 ? DOCUMENT.length() : end);
    }

    private static List<String> examples(String section) {
        Matcher matcher = EXAMPLE.matcher(section(section));
        List<String> examples = new ArrayList<>();
        while (matcher.find()) {
            examples.add(matcher.group(1));
        }
        return examples;
    }

    static List<String> ofAgents() {
        return examples("Messages from the agent");
    }

    static List<String> ofServers() {
        return examples("Messages from the server");
    }

    @ParameterizedTest
    @MethodSource("ofAgents")
    void an_example_of_an_agents_message_can_be_read(String example) {
        assertThat(AgentMessageCodec.decode(example)).isInstanceOf(Decoded.Usable.class);
    }

    @ParameterizedTest
    @MethodSource("ofServers")
    void an_example_of_a_servers_message_can_be_read(String example) {
        assertThat(ServerMessageCodec.decode(example)).isInstanceOf(Decoded.Usable.class);
    }

    @Test
    void every_message_has_an_example() {
        assertThat(types(ofAgents())).isEqualTo(names(AgentMessage.class));
        assertThat(types(ofServers())).isEqualTo(names(ServerMessage.class));
    }

    private static Set<String> types(List<String> examples) {
        return examples.stream()
                .map(example -> example.replaceAll("(?s)^\\{\"type\": \"(\\w+)\".*", "$1"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> names(Class<?> messages) {
        return Stream.of(messages.getPermittedSubclasses())
                .map(Class::getSimpleName)
                .filter(name -> !name.equals("Credentials"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void the_close_codes_are_those_of_the_code_with_what_the_agent_does() {
        List<String> rows = section("Close codes")
                .lines()
                .filter(line -> line.matches("\\| \\d+ .*"))
                .toList();
        assertThat(rows)
                .isEqualTo(Stream.of(CloseCode.values())
                        .map(code -> "| " + code.code() + " | " + code.meaning() + " | " + reaction(code) + " |")
                        .toList());
    }

    private static String reaction(CloseCode code) {
        return switch (code.reaction()) {
            case NOTHING -> "nothing";
            case RECONNECT_WITH_JITTER -> "connects again with jitter";
            case BACK_OFF -> "backs off";
            case NOT_BEFORE_RETRY_AFTER -> "not before `retry_after_s`";
            case STOP_AND_ENROL_AGAIN -> "stops, and asks for a new enrolment";
            case WAIT_60_S_UNLESS_CONNECTED -> "nothing if it has one, else waits 60 s";
            case TRY_EACH_HOUR -> "tries again each hour";
        };
    }

    @Test
    void the_limits_are_those_of_the_code() {
        assertThat(section("Transport"))
                .contains(
                        "`" + ProtocolLimits.SUBPROTOCOL + "`",
                        "| message before authentication | " + ProtocolLimits.UNAUTHENTICATED_MESSAGE_BYTES
                                + " bytes |",
                        "| message from an agent | " + ProtocolLimits.AGENT_MESSAGE_BYTES + " bytes |",
                        "| message from the server | " + ProtocolLimits.SERVER_MESSAGE_BYTES + " bytes |",
                        "| JSON nesting | " + ProtocolLimits.JSON_DEPTH + " levels |",
                        "| `running_commands` | " + ProtocolLimits.RUNNING_COMMANDS + " ids |",
                        "| `CommandLedgerQuery` | " + ProtocolLimits.LEDGER_QUERY_IDS + " ids |",
                        "| raw bytes in one `CommandOutput` | " + ProtocolLimits.OUTPUT_CHUNK_BYTES + " bytes |",
                        "| payload of a server Ping | " + ProtocolLimits.PING_PAYLOAD_BYTES + " bytes |",
                        "| nonce of an Echo | " + ProtocolLimits.ECHO_NONCE_CHARACTERS + " characters |");
    }
}

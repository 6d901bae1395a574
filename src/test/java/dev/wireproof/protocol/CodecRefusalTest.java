package dev.wireproof.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wireproof.protocol.ProtocolFault.Code;
import dev.wireproof.testkit.Shows;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodecRefusalTest {
    private static final String HEARTBEAT = "{'type':'Heartbeat','payload':{'seq':1,'uptime_s':2,"
            + "'rx':{'text':1,'ping':2,'bytes':3,'parse_errors':0,'last_ping_seq':0},'tx':{'text':1,'bytes':2},"
            + "'running_commands':[],'queued_commands':0,'metrics':{'cpu_pct':1.5,'mem_used_bytes':1}}}";
    private static final String AUTH =
            "{'type':'Auth','payload':{'enrollment_token':'t','device_id':'d','hostname':'h',"
                    + "'os':{'family':'linux','name':'n','version':'v','arch':'a'},'agent_version':'1',"
                    + "'instance_id':'0198c0de-0000-7000-8000-000000000001','boot_id':'b'}}";

    private static Decoded<AgentMessage> decode(String text) {
        return AgentMessageCodec.decode(text.replace('\'', '"'));
    }

    private static void assertRefused(String text, Code code, String detail) {
        assertThat(decode(text)).isInstanceOfSatisfying(Decoded.Unusable.class, unusable -> {
            assertThat(unusable.code()).isEqualTo(code);
            assertThat(unusable.detail()).contains(detail);
        });
    }

    @Test
    void the_examples_of_this_test_are_usable_as_they_stand() {
        assertThat(decode(HEARTBEAT)).isInstanceOf(Decoded.Usable.class);
        assertThat(decode(AUTH)).isInstanceOf(Decoded.Usable.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'seq':1 | 'seq':'1' | payload.seq must be an integer from 0 to",
                "'seq':1 | 'seq':1.0 | payload.seq must be an integer",
                "'seq':1 | 'seq':-1 | payload.seq must be an integer",
                "'seq':1 | 'seq':true | payload.seq must be an integer",
                "'seq':1 | 'seq':null | payload.seq must be an integer",
                "'seq':1 | 'seq':99999999999999999999 | payload.seq must be an integer",
                "'seq':1, | | payload.seq must be an integer",
                "'ping':2 | 'ping':[] | payload.rx.ping must be an integer from 0 to 9223372036854775807",
                "'cpu_pct':1.5 | 'cpu_pct':1e400 | payload.metrics.cpu_pct must be a number from 0",
                "'cpu_pct':1.5 | 'cpu_pct':1e308 | payload.metrics.cpu_pct must be a number",
                "'cpu_pct':1.5 | 'cpu_pct':'NaN' | payload.metrics.cpu_pct must be a number",
                "'queued_commands':0 | 'queued_commands':2147483648 | payload.queued_commands must be an integer",
                "'running_commands':[] | 'running_commands':{} | payload.running_commands must be an array",
                "'running_commands':[] | 'running_commands':['1-2-3-4-5'] | payload.running_commands must be a UUID",
                "'running_commands':[] | 'running_commands':[7] | payload.running_commands must hold only UUIDs",
                "'tx':{'text':1,'bytes':2} | 'tx':7 | payload.tx must be an object",
            })
    void a_bad_field_of_a_heartbeat_is_named(String was, String becomes, String detail) {
        String text = HEARTBEAT.replace(was, becomes == null ? "" : becomes);
        assertThat(text).isNotEqualTo(HEARTBEAT);
        assertRefused(text, Code.INVALID_FIELD, detail);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'hostname':'h' | 'hostname':7 | payload.hostname must be a string",
                "'family':'linux' | 'family':'beos' | payload.os.family must be one of linux",
                "'boot_id':'b' | 'boot_id':'b','tags':{'a':1} | payload.tags must hold only strings",
                "'boot_id':'b' | 'boot_id':'b','capabilities':[1] | payload.capabilities must hold only strings",
                "'boot_id':'b' | 'boot_id':'b','agent_key':'k' | not both",
                "'device_id':'d', | | payload.device_id must be a string",
                "'enrollment_token':'t','device_id':'d' | 'agent_key':'k' | payload.agent_id must be a UUID",
                "-8000-000000000001 | -80000-00000000001 | payload.instance_id must be a UUID",
                "0198c0de | +198c0de | payload.instance_id must be a UUID",
            })
    void a_bad_field_of_an_auth_is_named(String was, String becomes, String detail) {
        String text = AUTH.replace(was, becomes == null ? "" : becomes);
        assertThat(text).isNotEqualTo(AUTH);
        assertRefused(text, Code.INVALID_FIELD, detail);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "[]",
                "7",
                "'text'",
                "null",
                "{",
                "{'type':'Echo'",
                "{'type':'Heartbeat','payload':{}}{}",
                "{'type':'Heartbeat','payload':{}} x",
                "{'type':'Heartbeat','type':'Auth','payload':{}}",
                "{'type':'Heartbeat','payload':{'seq':1,'seq':1}}",
                "{'type':'Heartbeat','payload':{'x':NaN}}",
                "{'type':'Heartbeat','payload':{'x':01}}",
                "{'type':'Heartbeat','payload':{/**/}}",
                "{'type':'Heartbeat','payload':[1,]}",
            })
    void what_is_not_one_json_object_is_malformed(String text) {
        assertRefused(text, Code.MALFORMED, "");
    }

    @Test
    @Shows("S30")
    void what_is_too_deep_too_long_or_too_big_a_number_is_malformed() {
        assertRefused(nested(33), Code.MALFORMED, "");
        assertRefused(nested(100_000), Code.MALFORMED, "");
        assertRefused("{'type':'X','payload':" + "9".repeat(101) + "}", Code.MALFORMED, "");
        assertRefused("{'" + "n".repeat(257) + "':1,'type':'X'}", Code.MALFORMED, "");
        assertRefused("{'type':'" + "x".repeat(65 * 1024) + "'}", Code.MALFORMED, "");
        // One level less is within the limit: the unknown type is then what is wrong.
        assertRefused(nested(31), Code.UNKNOWN_TYPE, "");
    }

    private static String nested(int arrays) {
        return "{'type':'X','payload':" + "[".repeat(arrays) + "]".repeat(arrays) + "}";
    }

    @Test
    void a_payload_a_type_and_more_ids_than_allowed_are_named() {
        assertRefused("{'type':'Heartbeat'}", Code.INVALID_FIELD, "payload must be an object");
        assertRefused("{'payload':{}}", Code.INVALID_FIELD, "type must be a string");
        assertRefused("{'type':7,'payload':{}}", Code.INVALID_FIELD, "type must be a string");
        String ids = String.join(",", Collections.nCopies(65, "'" + MessageExamples.COMMAND + "'"));
        assertRefused(
                HEARTBEAT.replace("'running_commands':[]", "'running_commands':[" + ids + "]"),
                Code.INVALID_FIELD,
                "payload.running_commands must hold at most 64 elements");
    }

    @Test
    void an_unknown_type_is_shown_in_a_form_that_is_safe_to_send_and_log() {
        assertThat(decode("{'type':'Hé\\nllo','payload':{}}"))
                .isEqualTo(new Decoded.Unusable<>(
                        Code.UNKNOWN_TYPE, "no message of this direction has this type", "H??llo"));
    }

    @Test
    void a_broken_text_still_tells_the_type_that_stands_before_the_fault() {
        assertThat(decode("{'type':'CommandAck','payload':{'command_id':"))
                .isInstanceOfSatisfying(
                        Decoded.Unusable.class,
                        unusable -> assertThat(unusable.receivedType()).isEqualTo("CommandAck"));
        String broken = "{\"type\":\"Command\",\"payload\":{\"command_id\":\"" + MessageExamples.COMMAND
                + "\",\"attempt\":3,\"script\":\"\u0001\"}}";
        assertThat(ServerMessageCodec.glimpse(broken)).isEqualTo(new Glimpse("Command", MessageExamples.COMMAND, 3));
    }

    @Test
    void unknown_fields_are_ignored_and_the_payload_may_stand_first() {
        assertThat(decode(HEARTBEAT.replace("'seq':1", "'seq':1,'new':{'x':[1e400]}")))
                .isEqualTo(decode(HEARTBEAT));
        assertThat(ServerMessageCodec.decode("{\"payload\":{\"nonce\":\"n\",\"x\":1},\"type\":\"Echo\",\"v\":2}"))
                .isEqualTo(new Decoded.Usable<>(new ServerMessage.Echo("n")));
    }
}

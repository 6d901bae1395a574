package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wireproof.testkit.Shows;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentOptionsTest {
    private static AgentOptions parse(String line) throws AgentOptions.BadOption {
        return AgentOptions.parse(List.of(line.split(" ")), Map.of());
    }

    @Test
    void everything_has_its_place() throws Exception {
        assertThat(parse("--server wss://rmm.example/ws --home /h --enrollment-token t --tag a=b --tag c=d=e"
                        + " --parent-pid 7 --ca /ca.pem --echo-interval 5"))
                .isEqualTo(new AgentOptions(
                        URI.create("wss://rmm.example/ws"),
                        "t",
                        Path.of("/h"),
                        Map.of("a", "b", "c", "d=e"),
                        7L,
                        Path.of("/ca.pem"),
                        5));
    }

    @Test
    void the_token_may_stand_in_the_environment() throws Exception {
        Map<String, String> environment = Map.of("WIREPROOF_ENROLLMENT_TOKEN", "secret");
        List<String> arguments = List.of("--server", "ws://localhost/ws", "--home", "/h");
        assertThat(AgentOptions.parse(arguments, environment).enrollmentToken()).isEqualTo("secret");
        assertThat(AgentOptions.parse(arguments, Map.of()).enrollmentToken()).isNull();
    }

    @Test
    void the_port_follows_the_scheme() throws Exception {
        assertThat(parse("--server wss://h/ws --home /h").port()).isEqualTo(443);
        assertThat(parse("--server ws://127.1.2.3/ws --home /h").port()).isEqualTo(80);
        assertThat(parse("--server ws://[::1]:81/ws --home /h").port()).isEqualTo(81);
        assertThat(parse("--server ws://far.example/ws --home /h --allow-plaintext")
                        .secure())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--home /h | --server is missing",
                "--server ws://localhost/ws | --home is missing",
                "--server ws://far.example/ws --home /h | needs --allow-plaintext",
                "--server ws://127.0.0.1.far.example/ws --home /h | needs --allow-plaintext",
                "--server http://localhost/ws --home /h | must look like wss://",
                "--server ws:/x --home /h | must look like wss://",
                "--server ws://u@localhost/ws --home /h | neither a user",
                "--server ws://localhost/ws --home /h --tag x | --tag must be KEY=VALUE",
                "--server ws://localhost/ws --home /h --parent-pid x | --parent-pid must be a number",
                "--server ws://localhost/ws --home /h --parent-pid 0 | --parent-pid must be a number",
                "--server ws://localhost/ws --home /h --colour red | unknown option \"--colour\"",
                "--server ws://localhost/ws --home | lacks its value",
                "run | unknown argument \"run\"",
            })
    void what_makes_no_sense_is_said_in_one_line(String line, String message) {
        assertThatThrownBy(() -> parse(line))
                .isInstanceOf(AgentOptions.BadOption.class)
                .hasMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    @Shows("S39")
    void no_text_from_outside_forges_a_line_of_the_log() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        AgentLog log = new AgentLog(new PrintStream(out, true, StandardCharsets.UTF_8), () -> Instant.EPOCH);
        log.info("event", "plain", "a:b", "odd", "x\n2026 INFO \"forged\" \u001b[0m é", "none", null);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("1970-01-01T00:00:00.000000Z INFO event plain=a:b"
                        + " odd=\"x\\u000a2026 INFO \\\"forged\\\" \\u001b[0m \\u00e9\" none=null\n");
    }
}

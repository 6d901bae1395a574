package dev.wireproof.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.testkit.Http;
import dev.wireproof.testkit.RawPeer;
import dev.wireproof.testkit.RunningServer;
import dev.wireproof.testkit.Shows;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Secrets that can be recognised go through a server that logs as much as it can, and are then looked for where they do not belong. */
class CanaryIT {

    /** Everything that an appender could print of an event. */
    private static final class Everything extends AppenderBase<ILoggingEvent> {
        final Queue<String> lines = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            StringBuilder line = new StringBuilder(event.getLoggerName())
                    .append(' ')
                    .append(event.getFormattedMessage())
                    .append(event.getKeyValuePairs())
                    .append(event.getMDCPropertyMap());
            for (IThrowableProxy cause = event.getThrowableProxy(); cause != null; cause = cause.getCause()) {
                line.append(' ').append(cause.getMessage());
            }
            lines.add(line.toString());
        }
    }

    @Test
    @Shows("S3")
    void no_secret_script_or_output_is_found_in_logs_at_debug_errors_metrics_or_the_audit_log() {
        try (RunningServer server = RunningServer.start("logging.level.root=DEBUG")) {
            Everything logged = listen();
            Map<String, String> secrets = new LinkedHashMap<>();
            List<String> errors = new ArrayList<>();
            work(server, secrets, errors);
            assertThat(logged.lines).as("it does log").hasSizeGreaterThan(50);
            String metrics = server.admin().get("/actuator/prometheus").text();
            String audit = server.admin().get("/api/v1/audit?limit=500").text();
            secrets.forEach((what, secret) -> {
                assertThat(logged.lines).as(what).noneMatch(line -> line.contains(secret));
                assertThat(errors).as(what).noneMatch(error -> error.contains(secret));
                assertThat(metrics).as(what).doesNotContain(secret);
                assertThat(audit).as(what).doesNotContain(secret);
            });
        } finally {
            ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
        }
    }

    private static Everything listen() {
        Everything all = new Everything();
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        all.setContext(root.getLoggerContext());
        all.start();
        root.addAppender(all);
        return all;
    }

    private static void work(RunningServer server, Map<String, String> secrets, List<String> errors) {
        Http admin = server.admin();
        secrets.put("bootstrap token", RunningServer.ADMIN);
        secrets.put("enrollment token of the start", RunningServer.ENROLLMENT);
        String token = admin.post("/api/v1/api-tokens", "{\"name\":\"canary\",\"role\":\"viewer\"}")
                .json()
                .path("secret")
                .asString();
        assertThat(token).isNotEmpty();
        secrets.put("API token", token);
        try (Http viewer = admin.with(token);
                Http wrong = admin.with("wp_wrong-canary-token-0123456789-abcdefghijklmnop")) {
            secrets.put("wrong token", "wrong-canary-token-0123456789");
            errors.add(viewer.post("/api/v1/sites", "{\"name\":\"x\"}").text());
            errors.add(wrong.get("/api/v1/agents").text());
        }
        try (RawPeer peer = RawPeer.upgraded(server.port())) {
            ServerMessage.AuthAck welcome = peer.authenticate(RawPeer.auth(
                    new AgentMessage.Credentials.Enrolling(RunningServer.ENROLLMENT, "canary-device"),
                    UUID.randomUUID()));
            secrets.put("agent key", String.valueOf(welcome.agentKey()));
            secrets.put("script", "canary-script-4711");
            secrets.put("environment", "canary-env-4711");
            secrets.put("output", "canary-output-4711");
            String at = admin.post(
                            "/api/v1/commands",
                            "{\"agent_id\":\"%s\",\"script\":\"echo canary-script-4711\",\"env\":{\"K\":\"canary-env-4711\"}}"
                                    .formatted(welcome.agentId()))
                    .header("location");
            ServerMessage.Command command = (ServerMessage.Command) peer.awaitMessage("Command");
            peer.send(new AgentMessage.CommandAck(
                    command.commandId(), 1, false, AgentMessage.AckStatus.ACCEPTED, null, null));
            peer.send(new AgentMessage.CommandOutput(
                    command.commandId(),
                    AgentMessage.Stream.STDOUT,
                    0,
                    AgentMessage.Encoding.UTF_8,
                    "canary-output-4711\n"));
            peer.send(new AgentMessage.CommandResult(
                    command.commandId(),
                    AgentMessage.Outcome.EXITED,
                    0,
                    null,
                    19,
                    0,
                    false,
                    null,
                    1,
                    "canary-output-4711"));
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> admin.get(at).json().path("state").asString().equals("succeeded"));
            assertThat(admin.get(at + "/output?stream=stdout").text()).contains("canary-output-4711");
            // Bad bodies, with what is secret in them.
            errors.add(admin.post("/api/v1/commands", "{\"script\":\"canary-script-4711\",\"agent_id\":5}")
                    .text());
            errors.add(admin.post("/api/v1/commands", "{\"script\":\"canary-script-4711\" \"x\"")
                    .text());
            errors.add(admin.post("/api/v1/enrollment-tokens", "{\"site_id\":\"canary-script-4711\"}")
                    .text());
            peer.text("{\"type\":\"CommandOutput\",\"payload\":{\"data\":\"canary-output-4711\"}}");
            errors.add(peer.awaitText("ProtocolError").text());
        }
    }
}

package dev.wireproof;

import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.ConnectionListener;
import dev.wireproof.protocol.AgentMessage.Auth;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/**
 * Something to look at: one real agent of this machine and a few simulated ones, two of which misbehave, each a process of its own
 * that ends with the server, however the server ends. When the real agent is on the line, prints the one command that shows the product.
 */
@Component
@ConditionalOnProperty("wireproof.demo")
final class DemoFleet implements ConnectionListener {
    private static final Logger log = LoggerFactory.getLogger(DemoFleet.class);
    private static final String TAG = "demo";
    private static final String REAL_AGENT = "real-agent";

    private final Environment environment;
    private final Path folder;
    private final List<Process> children = new ArrayList<>(); // guarded by this
    private final AtomicBoolean announced = new AtomicBoolean();

    DemoFleet(Environment environment, @Value("${wireproof.home:./data}") Path home) {
        this.environment = environment;
        this.folder = home.toAbsolutePath().normalize().resolve("demo");
    }

    @EventListener(ApplicationReadyEvent.class)
    void start() throws IOException {
        String server = "ws://127.0.0.1:" + port() + "/ws";
        String token = environment.getRequiredProperty("wireproof.bootstrap.enrollment-token");
        String parent = Long.toString(ProcessHandle.current().pid());
        launch(
                "agent",
                "-Xmx24m",
                List.of(
                        "agent",
                        "--server",
                        server,
                        "--enrollment-token",
                        token,
                        "--home",
                        folder.resolve("agent").toString(),
                        "--tag",
                        TAG + "=" + REAL_AGENT,
                        "--parent-pid",
                        parent));
        launch(
                "simulated",
                "-Xmx64m",
                List.of(
                        "simulate",
                        "--agents",
                        "5",
                        "--server",
                        server,
                        "--enrollment-token",
                        token,
                        "--home",
                        folder.resolve("simulated").toString(),
                        "--fault",
                        "text-deaf=1",
                        "--fault",
                        "unparsing=1",
                        "--parent-pid",
                        parent));
    }

    private synchronized void launch(String name, String heap, List<String> arguments) throws IOException {
        Files.createDirectories(folder);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                heap,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
        String classPath = System.getProperty("java.class.path");
        if (classPath.endsWith(".jar") && !classPath.contains(File.pathSeparator)) {
            command.addAll(List.of("-jar", classPath));
        } else {
            command.addAll(List.of("-cp", classPath, WireproofApplication.class.getName()));
        }
        command.addAll(arguments);
        File output = folder.resolve(name + ".log").toFile();
        children.add(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start());
        log.atInfo().addKeyValue("name", name).addKeyValue("output", output).log("demo.started");
    }

    @Override
    public void opened(AgentLink link, Auth auth, Instant at) {
        if (REAL_AGENT.equals(auth.tags().get(TAG)) && announced.compareAndSet(false, true)) {
            System.out.println(announcement(link.agentId().toString()));
        }
    }

    private String announcement(String agentId) {
        String address = "http://127.0.0.1:" + port();
        String token = environment.getRequiredProperty("wireproof.bootstrap.admin-token");
        return """

            Wireproof is ready.
              address      %1$s  (API described at %1$s/docs)
              admin token  %2$s
            Run `hostname` on the real agent of this machine and see how the command got there:

            curl -s '%1$s/api/v1/commands?wait_s=30' -H 'Authorization: Bearer %2$s' -H 'Content-Type: application/json' \
            -d '{"agent_id":"%3$s","script":"hostname"}'
            """.formatted(address, token, agentId);
    }

    private String port() {
        @Nullable String port = environment.getProperty("local.server.port");
        return port == null ? environment.getProperty("server.port", "8080") : port;
    }

    @EventListener(ContextClosedEvent.class)
    synchronized void stop() throws InterruptedException {
        children.forEach(Process::destroy);
        for (Process child : children) {
            if (!child.waitFor(5, TimeUnit.SECONDS)) {
                child.destroyForcibly();
            }
        }
        children.clear();
    }
}

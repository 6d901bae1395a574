package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The agent as a process: how it refuses to start, how it ends, and how much memory it takes. */
class AgentProcessIT extends AgentJar {
    private static final long RESIDENT_KIB = 96 * 1024;
    private static final long HEAP_BYTES = 16 * 1024 * 1024;

    @Test
    void a_bad_option_is_one_clear_line_and_exit_code_2() throws Exception {
        Path other = directory.resolve("other");
        try (AgentProcess wrong =
                AgentProcess.start(other, List.of("--server", "ws://192.0.2.1/ws", "--home", other.toString()))) {
            assertThat(wrong.awaitExit()).isEqualTo(2);
            assertThat(wrong.log().lines()).singleElement().asString().contains("--allow-plaintext");
        }
        Path third = directory.resolve("third");
        try (AgentProcess wrong =
                AgentProcess.start(third, List.of("--server", server.uri().toString(), "--home", third.toString()))) {
            assertThat(wrong.awaitExit()).isEqualTo(2);
            assertThat(wrong.log().lines()).singleElement().asString().contains("--enrollment-token is needed");
        }
    }

    @Test
    void two_agents_do_not_share_a_home() throws Exception {
        server.nextSession();
        try (AgentProcess second = AgentProcess.start(server, home())) {
            assertThat(second.awaitExit()).isEqualTo(1);
            assertThat(second.log()).contains("another agent runs with the home");
        }
        assertThat(agent.isAlive()).isTrue();
    }

    @Test
    void a_file_where_its_home_should_be_is_one_clear_line_and_exit_code_1() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        Path log = directory.resolve("file.log");
        try (AgentProcess wrong = AgentProcess.start(
                directory.resolve("elsewhere"),
                List.of("--server", "ws://127.0.0.1/ws", "--home", file.toString(), "--enrollment-token", "x"))) {
            assertThat(wrong.awaitExit()).isEqualTo(1);
            assertThat(wrong.log().lines()).singleElement().asString().contains(file.toString());
        }
        assertThat(log).doesNotExist();
    }

    @Test
    void it_ends_with_the_process_that_it_was_tied_to() throws Exception {
        Process parent = new ProcessBuilder("sleep", "1000").start();
        try (AgentProcess tied =
                AgentProcess.start(server, directory.resolve("tied"), "--parent-pid", Long.toString(parent.pid()))) {
            await().until(() -> tied.log().contains("started"));
            parent.destroyForcibly();
            assertThat(tied.awaitExit()).isZero();
        }
    }

    @Test
    void a_term_signal_ends_its_commands_says_goodbye_and_leaves_their_results_to_the_next_start() throws Exception {
        ServerPeer peer = server.nextSession();
        Path pid = directory.resolve("pid");
        peer.send(Commands.sh("echo $$ > " + pid + "; exec sleep 1000"));
        peer.next(CommandStarted.class);
        await().until(() -> Files.exists(pid) && !Files.readString(pid).isEmpty());
        agent.terminate();
        assertThat(peer.awaitEnd().closeCode()).isEqualTo(1000);
        assertThat(agent.awaitExit()).isEqualTo(143);
        assertThat(ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())))
                .isEmpty();
        startAgain();
        assertThat(server.nextSession().next(CommandResult.class).outcome()).isEqualTo(Outcome.INTERRUPTED);
    }

    @Test
    void it_stays_within_its_memory_after_real_work() throws Exception {
        ServerPeer peer = server.nextSession();
        for (int i = 0; i < 30; i++) {
            peer.send(Commands.sh("# " + "x".repeat(200_000) + "\nyes | head -c 1000000"));
            peer.next(CommandResult.class);
        }
        assertThat(residentKib()).isPositive().isLessThan(RESIDENT_KIB);
        assertThat(liveHeapBytes()).isPositive().isLessThan(HEAP_BYTES);
    }

    private long residentKib() throws Exception {
        return Files.readAllLines(Path.of("/proc", Long.toString(agent.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }

    /** After a full collection, which the histogram of live objects makes. */
    private long liveHeapBytes() throws Exception {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        Process histogram = new ProcessBuilder(jcmd.toString(), Long.toString(agent.pid()), "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String total = histogram
                .inputReader()
                .lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElse("Total 0 0");
        assertThat(histogram.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return Long.parseLong(total.split("\\s+")[2]);
    }
}

package dev.wireproof.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.EchoReply;
import dev.wireproof.protocol.AgentMessage.Encoding;
import dev.wireproof.protocol.AgentMessage.Outcome;
import dev.wireproof.protocol.AgentMessage.Stream;
import dev.wireproof.protocol.AgentMessageCodec;
import dev.wireproof.protocol.ServerMessage;
import dev.wireproof.protocol.ServerMessage.Command;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Real processes: what they are given, what they say, and how they end. */
class AgentExecutionIT extends AgentJar {
    private static final long MIB = 1 << 20;

    @Test
    void output_is_seen_while_the_process_runs_and_the_streams_stay_apart() throws Exception {
        ServerPeer peer = server.nextSession();
        Path go = directory.resolve("go");
        Command command =
                Commands.sh("echo before; echo aside >&2; while [ ! -e " + go + " ]; do sleep 0.05; done; echo after");
        peer.send(command);
        peer.next(CommandOutput.class, chunk -> chunk.data().equals("before\n"));
        CommandOutput aside = peer.next(CommandOutput.class, chunk -> chunk.stream() == Stream.STDERR);
        assertThat(aside.data()).isEqualTo("aside\n");
        assertThat(peer.seen()).noneMatch(CommandResult.class::isInstance);
        Files.createFile(go);
        CommandOutput after =
                peer.next(CommandOutput.class, chunk -> chunk.data().equals("after\n"));
        assertThat(after.offset()).isEqualTo(7);
        peer.next(CommandResult.class);
    }

    @Test
    void arguments_environment_directory_and_input_are_as_asked_for() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.with(
                "sh",
                "printf '%s|' \"$@\"; printf '%s|' \"$GREETING\"; pwd; cat; env | grep -c ENROLLMENT",
                60,
                List.of("a b", "$(id)", "*", "", "'\"\\"),
                Map.of("GREETING", "hällo \"x\""),
                directory.toRealPath().toString(),
                MIB,
                Instant.now().plusSeconds(60));
        peer.send(command);
        peer.next(CommandResult.class);
        assertThat(Commands.stdout(peer.seen(), command.commandId()))
                .isEqualTo("a b|$(id)|*||'\"\\|hällo \"x\"|" + directory.toRealPath() + "\n0\n");
    }

    @Test
    void bash_and_python_run_their_own_scripts() throws Exception {
        ServerPeer peer = server.nextSession();
        Command bash = Commands.command("bash", "[[ ${BASH_VERSION} ]] && echo bash", 60);
        peer.send(bash);
        peer.next(CommandResult.class);
        assertThat(Commands.stdout(peer.seen(), bash.commandId())).isEqualTo("bash\n");
        Command python = Commands.with(
                "python",
                "import sys\nprint(sys.argv[1].upper())",
                60,
                List.of("héllo"),
                Map.of("PYTHONIOENCODING", "utf-8"),
                null,
                MIB,
                Instant.now().plusSeconds(60));
        peer.send(python);
        peer.next(CommandResult.class);
        assertThat(Commands.stdout(peer.seen(), python.commandId())).isEqualTo("HÉLLO\n");
        assertThat(Files.list(home().resolve("scripts"))).isEmpty();
    }

    @Test
    void bytes_arrive_as_they_were_whatever_they_are() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.command(
                "python",
                "import sys\nfor i in range(400):\n    sys.stdout.buffer.write(bytes(range(256)))\n"
                        + "sys.stdout.buffer.write(('\\x01\\0€😀' * 30000).encode())\n",
                60);
        peer.send(command);
        CommandResult result = peer.next(CommandResult.class);
        byte[] expected = new byte[400 * 256 + 30_000 * 9];
        for (int i = 0; i < 400 * 256; i++) {
            expected[i] = (byte) i;
        }
        byte[] tail = "\u0001\u0000€😀".repeat(30_000).getBytes(StandardCharsets.UTF_8);
        System.arraycopy(tail, 0, expected, 400 * 256, tail.length);
        assertThat(Commands.output(peer.seen(), command.commandId(), Stream.STDOUT))
                .isEqualTo(expected);
        assertThat(result.stdoutBytes()).isEqualTo(expected.length);
        assertThat(peer.seen())
                .filteredOn(CommandOutput.class::isInstance)
                .allMatch(chunk -> AgentMessageCodec.encode(chunk).getBytes(StandardCharsets.UTF_8).length < 65_536);
    }

    @Test
    void text_is_cut_between_characters_never_within_one() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.command("python", "print('€😀ä' * 50000, end='')", 60);
        peer.send(command);
        peer.next(CommandResult.class);
        assertThat(Commands.stdout(peer.seen(), command.commandId())).isEqualTo("€😀ä".repeat(50_000));
        assertThat(peer.seen())
                .filteredOn(CommandOutput.class::isInstance)
                .map(CommandOutput.class::cast)
                .allMatch(chunk -> chunk.encoding() == Encoding.UTF_8);
    }

    @Test
    void too_much_output_is_cut_and_the_command_still_ends_by_itself() throws Exception {
        ServerPeer peer = server.nextSession();
        Command command = Commands.with(
                "sh",
                "yes | head -c 5000000; echo done >&2; exit 4",
                60,
                List.of(),
                Map.of(),
                null,
                100_000,
                Instant.now().plusSeconds(60));
        peer.send(command);
        CommandResult result = peer.next(CommandResult.class);
        assertThat(result.exitCode()).isEqualTo(4);
        assertThat(result.truncated()).isTrue();
        assertThat(result.stdoutBytes()).isEqualTo(100_000);
        assertThat(Commands.output(peer.seen(), command.commandId(), Stream.STDOUT))
                .hasSize(100_000);
    }

    @Test
    void a_time_limit_ends_the_whole_process_tree() throws Exception {
        ServerPeer peer = server.nextSession();
        Path pids = directory.resolve("pids");
        peer.send(Commands.command("sh", stubbornTree(pids), 1));
        CommandResult result = peer.next(CommandResult.class);
        assertThat(result.outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(result.exitCode()).isNull();
        assertThat(result.signal()).isEqualTo("KILL");
        assertThat(result.durationMs()).isGreaterThanOrEqualTo(1000);
        assertGone(pids);
    }

    @Test
    void a_cancellation_ends_the_whole_process_tree() throws Exception {
        ServerPeer peer = server.nextSession();
        Path pids = directory.resolve("pids");
        Command command = Commands.sh(stubbornTree(pids));
        peer.send(command);
        await().until(() -> Files.exists(pids) && Files.readAllLines(pids).size() == 3);
        peer.send(new ServerMessage.CommandCancel(command.commandId(), "stop it"));
        CommandResult result = peer.next(CommandResult.class);
        assertThat(result.outcome()).isEqualTo(Outcome.CANCELLED);
        assertThat(result.startedAt()).isNotNull();
        assertGone(pids);
    }

    /** One that ignores TERM, a child in its own session, and a grandchild whose parent is gone. */
    private static String stubbornTree(Path pids) {
        return "trap '' TERM; echo $$ >> %1$s; setsid sh -c 'echo $$ >> %1$s; sleep 1000' &%n(setsid sh -c 'echo $$ >> %1$s; exec sleep 1000' &)%nwhile :; do sleep 1; done"
                .formatted(pids);
    }

    private static void assertGone(Path pids) throws Exception {
        List<String> lines = Files.readAllLines(pids);
        assertThat(lines).hasSize(3);
        for (String pid : lines) {
            await().until(() -> ProcessHandle.of(Long.parseLong(pid)).isEmpty());
        }
    }

    @Test
    void what_a_finished_command_leaves_running_does_not_hold_its_result_up() throws Exception {
        ServerPeer peer = server.nextSession();
        Path pids = directory.resolve("pids");
        peer.send(Commands.sh("sleep 1000 & echo $! > " + pids + "; echo started"));
        CommandResult result = peer.next(CommandResult.class);
        assertThat(result.exitCode()).isZero();
        ProcessHandle left =
                ProcessHandle.of(Long.parseLong(Files.readString(pids).strip())).orElseThrow();
        assertThat(left.isAlive()).isTrue();
        left.destroyForcibly();
    }

    @Test
    void what_cannot_be_started_is_told_as_such() throws Exception {
        ServerPeer peer = server.nextSession();
        peer.send(Commands.with(
                "sh",
                "true",
                60,
                List.of(),
                Map.of(),
                "/no/such/dir",
                MIB,
                Instant.now().plusSeconds(60)));
        CommandResult result = peer.next(CommandResult.class);
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED_TO_START);
        assertThat(result.startedAt()).isNull();
        assertThat(result.message()).contains("/no/such/dir");
        peer.send(Commands.with(
                "sh",
                "true",
                60,
                List.of(),
                Map.of("A=B", "x"),
                null,
                MIB,
                Instant.now().plusSeconds(60)));
        assertThat(peer.next(CommandResult.class).outcome()).isEqualTo(Outcome.FAILED_TO_START);
    }

    @Test
    void no_more_than_the_configured_number_run_at_once() throws Exception {
        ServerPeer peer = server.nextSession(ScriptedServer.config(2));
        Path go = directory.resolve("go");
        for (int i = 0; i < 3; i++) {
            peer.send(Commands.sh("while [ ! -e " + go + " ]; do sleep 0.05; done"));
        }
        peer.next(CommandStarted.class);
        peer.next(CommandStarted.class);
        peer.send(new ServerMessage.Echo("n".repeat(24)));
        peer.next(EchoReply.class);
        assertThat(peer.seen()).filteredOn(CommandStarted.class::isInstance).hasSize(2);
        Files.createFile(go);
        peer.next(CommandStarted.class);
        for (int i = 0; i < 3; i++) {
            peer.next(CommandResult.class);
        }
    }
}

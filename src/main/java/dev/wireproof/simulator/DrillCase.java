package dev.wireproof.simulator;

import dev.wireproof.protocol.ServerMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * One fault of the drill, and what a diagnosis of it must say.
 *
 * @param behaviour makes the agent; each run has one of its own
 * @param before what happens before the diagnosis is asked for
 * @param settle how long the fault needs to show
 * @param evictAndRepeat whether a new connection is to be tried
 * @param watch null: as the drill says
 * @param expected verdicts that are exact. More than one where what can be seen differs: by the moment (flapping), or by whether this machine
 *     shows the kernel's view of its sockets
 * @param behindProxy what is exact behind a proxy as well: it takes bytes that its agent does not
 */
record DrillCase(
        String name,
        Supplier<Behaviour> behaviour,
        Before before,
        Duration settle,
        boolean evictAndRepeat,
        @org.jspecify.annotations.Nullable Duration watch,
        Set<String> expected,
        Set<String> behindProxy) {

    DrillCase(
            String name,
            Supplier<Behaviour> behaviour,
            Before before,
            Duration settle,
            boolean evictAndRepeat,
            Set<String> expected) {
        this(name, behaviour, before, settle, evictAndRepeat, null, expected, Set.of());
    }

    Set<String> expected(DrillMatrix.Way way) {
        if (way == DrillMatrix.Way.DIRECT) {
            return expected;
        }
        Set<String> both = new java.util.TreeSet<>(expected);
        both.addAll(behindProxy);
        return both;
    }

    enum Before {
        NOTHING,
        /** The agent goes away. */
        LEAVE,
        /** A command is acknowledged, then a configuration is pushed. */
        PUSH_CONFIG,
        /** More is sent than the sockets on the way can hold. */
        FLOOD
    }

    private static final Duration NONE = Duration.ZERO;
    private static final Duration SLOW_ACK = Duration.ofSeconds(8);
    /** A text of 250 kB may take half a minute where the kernel is not seen. */
    private static final Duration FLOOD_WATCH = Duration.ofSeconds(55);

    private static final Duration LATE_BY = Duration.ofSeconds(60);
    private static final Duration FROZEN_BY = Duration.ofSeconds(4);
    private static final Duration SPLIT_BY = Duration.ofSeconds(9);

    /** Every fault that {@code --fault} knows, and combinations. */
    static List<DrillCase> all() {
        List<DrillCase> all = new ArrayList<>();
        all.add(of("healthy", Fault.HEALTHY, "healthy"));
        all.add(of("text-deaf", Fault.TEXT_DEAF, "agent_text_unparsed"));
        all.add(of("text-deaf, no heartbeats", silently(Fault.TEXT_DEAF), "agent_not_processing_text"));
        all.add(of("command-deaf", Fault.COMMAND_DEAF, "command_handler_stuck"));
        all.add(of("unparsing", Fault.UNPARSING, "agent_text_unparsed"));
        all.add(of("nacking", Fault.NACKING, "agent_rejects_command"));
        all.add(of("silent-pong", Fault.SILENT_PONG, "healthy"));
        all.add(of("stalled-reader", Fault.STALLED_READER, "peer_not_reading", "pings_unanswered"));
        all.add(new DrillCase(
                "stalled-reader, flooded",
                () -> behaviour(Fault.STALLED_READER),
                Before.FLOOD,
                NONE,
                false,
                FLOOD_WATCH,
                Set.of("server_write_stalled"),
                Set.of("peer_not_reading", "pings_unanswered")));
        all.add(after(SPLIT_BY, of("split", Fault.SPLIT, "split_session")));
        all.add(of("slow-ack", Fault.SLOW_ACK, "agent_slow_ack"));
        all.add(of("no-result", Fault.NO_RESULT, "acked_no_result"));
        all.add(of("flapping", Fault.FLAPPING, "healthy", "agent_offline"));
        all.add(new DrillCase(
                "config-poisoned",
                () -> behaviour(Fault.CONFIG_POISONED),
                Before.PUSH_CONFIG,
                NONE,
                false,
                Set.of("config_suspect")));
        all.add(of("duplicate-acks", Fault.DUPLICATE_ACKS, "healthy"));
        all.add(of("garbage", Fault.GARBAGE, "healthy"));
        all.add(of("control-swallowing", Fault.CONTROL_SWALLOWING, "healthy"));
        all.add(of("text-swallowing", Fault.TEXT_SWALLOWING, "path_text_loss"));
        all.add(after(FROZEN_BY, of("frozen", Fault.FROZEN, "peer_not_reading", "pings_unanswered")));
        all.add(of("late-result", Fault.LATE_RESULT, "acked_no_result"));
        all.add(new DrillCase(
                "away", () -> behaviour(Fault.HEALTHY), Before.LEAVE, NONE, false, Set.of("agent_offline")));
        all.add(of("silent-pong + text-deaf", both(Fault.SILENT_PONG, Fault.TEXT_DEAF), "pings_unanswered"));
        all.add(of("silent-pong + unparsing", both(Fault.SILENT_PONG, Fault.UNPARSING), "pings_unanswered"));
        all.add(of(
                "control-swallowing + command-deaf",
                both(Fault.CONTROL_SWALLOWING, Fault.COMMAND_DEAF),
                "pings_unanswered"));
        all.add(of("silent-pong + slow-ack", both(Fault.SILENT_PONG, Fault.SLOW_ACK), "agent_slow_ack"));
        all.add(of("silent-pong + nacking", both(Fault.SILENT_PONG, Fault.NACKING), "agent_rejects_command"));
        all.add(of("garbage + text-deaf", both(Fault.GARBAGE, Fault.TEXT_DEAF), "agent_text_unparsed"));
        all.add(after(SPLIT_BY, of("split + command-deaf", both(Fault.SPLIT, Fault.COMMAND_DEAF), "split_session")));
        all.add(new DrillCase(
                "text-deaf, evicted",
                () -> behaviour(Fault.TEXT_DEAF),
                Before.NOTHING,
                NONE,
                true,
                Set.of("persistent_after_reconnect")));
        all.add(new DrillCase(
                "deaf once, evicted", DeafOnce::new, Before.NOTHING, NONE, true, Set.of("cured_by_reconnect")));
        return List.copyOf(all);
    }

    private static DrillCase of(String name, Fault fault, String... expected) {
        return of(name, () -> behaviour(fault), expected);
    }

    private static DrillCase of(String name, Supplier<Behaviour> behaviour, String... expected) {
        return new DrillCase(name, behaviour, Before.NOTHING, NONE, false, Set.of(expected));
    }

    private static DrillCase after(Duration settle, DrillCase same) {
        return new DrillCase(same.name, same.behaviour, same.before, settle, same.evictAndRepeat, same.expected);
    }

    private static Behaviour behaviour(Fault fault) {
        return Misbehaviours.of(fault, SLOW_ACK, LATE_BY);
    }

    private static Supplier<Behaviour> both(Fault one, Fault other) {
        return () -> new Combination(behaviour(one), behaviour(other));
    }

    private static Supplier<Behaviour> silently(Fault fault) {
        return () -> new Combination(behaviour(fault), new Behaviour(Fault.HEALTHY) {
            @Override
            boolean beats() {
                return false;
            }
        });
    }

    /** Deaf to Text on its first connection only. */
    private static final class DeafOnce extends Behaviour {
        private int logins;

        DeafOnce() {
            super(Fault.TEXT_DEAF);
        }

        @Override
        TextFate fateOf(ServerMessage message) {
            return logins < 2 ? TextFate.IGNORED : TextFate.HANDLED;
        }

        @Override
        void loggedIn(SimulatedAgent agent, Session session) {
            logins++;
        }
    }
}

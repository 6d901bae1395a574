package dev.wireproof.simulator;

import dev.wireproof.protocol.ServerMessage;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Every fault as its difference from {@link Behaviour}. */
final class Misbehaviours {
    /** Small, so that a reader that stopped is felt after few frames; the kernel rounds it up. */
    private static final int STALLED_RECEIVE_BUFFER = 2_048;

    private static final long GARBAGE_PAUSE_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long FREEZE_AFTER_NS = TimeUnit.SECONDS.toNanos(2);
    /** The first one soon, so that it is seen; then long enough for the server to end what is old. */
    private static final long FIRST_SPLIT_NS = TimeUnit.SECONDS.toNanos(3);

    private static final long SPLIT_PAUSE_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long SPLIT_HEARTBEAT_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long FLAP_LONGEST_NS = TimeUnit.SECONDS.toNanos(8);

    private Misbehaviours() {}

    /**
     * @param slowAck for {@link Fault#SLOW_ACK}
     * @param lateBy for {@link Fault#LATE_RESULT}: beyond the command's own {@code timeout_s}
     */
    static Behaviour of(Fault fault, Duration slowAck, Duration lateBy) {
        return switch (fault) {
            case HEALTHY -> new Behaviour(fault);
            case TEXT_DEAF -> new Texts(fault, Behaviour.TextFate.IGNORED);
            case UNPARSING -> new Texts(fault, Behaviour.TextFate.UNPARSABLE);
            case TEXT_SWALLOWING -> new Texts(fault, Behaviour.TextFate.LOST);
            case COMMAND_DEAF -> new CommandDeaf();
            case CONFIG_POISONED -> new ConfigPoisoned();
            case NACKING, SILENT_PONG, CONTROL_SWALLOWING, NO_RESULT, DUPLICATE_ACKS -> new Switches(fault);
            case SLOW_ACK -> new Delays(fault, slowAck.toNanos(), Duration.ZERO);
            case LATE_RESULT -> new Delays(fault, 0, lateBy);
            case STALLED_READER -> new StalledReader();
            case FROZEN -> new Frozen();
            case FLAPPING -> new Flapping();
            case GARBAGE -> new Garbage();
            case SPLIT -> new Split();
        };
    }

    private static final class Texts extends Behaviour {
        private final TextFate fate;

        Texts(Fault fault, TextFate fate) {
            super(fault);
            this.fate = fate;
        }

        @Override
        TextFate fateOf(ServerMessage message) {
            return fate;
        }
    }

    private static final class CommandDeaf extends Behaviour {
        CommandDeaf() {
            super(Fault.COMMAND_DEAF);
        }

        @Override
        TextFate fateOf(ServerMessage message) {
            return message instanceof ServerMessage.Command || message instanceof ServerMessage.CommandCancel
                    ? TextFate.IGNORED
                    : TextFate.HANDLED;
        }
    }

    private static final class ConfigPoisoned extends Behaviour {
        private boolean poisoned;

        ConfigPoisoned() {
            super(Fault.CONFIG_POISONED);
        }

        /** Asked only after the login, so the configuration of the login is not the one that does it. */
        @Override
        TextFate fateOf(ServerMessage message) {
            poisoned |= message instanceof ServerMessage.ConfigUpdate;
            return poisoned ? TextFate.IGNORED : TextFate.HANDLED;
        }
    }

    private static final class Switches extends Behaviour {
        Switches(Fault fault) {
            super(fault);
        }

        @Override
        boolean refusesCommands() {
            return fault() == Fault.NACKING;
        }

        @Override
        boolean pongs() {
            return fault() != Fault.SILENT_PONG;
        }

        @Override
        boolean pingReachesAgent() {
            return fault() != Fault.CONTROL_SWALLOWING;
        }

        @Override
        boolean sendsResults() {
            return fault() != Fault.NO_RESULT;
        }

        @Override
        int ackCopies() {
            return fault() == Fault.DUPLICATE_ACKS ? 3 : 1;
        }
    }

    private static final class Delays extends Behaviour {
        private final long ackNs;
        private final Duration lateBy;

        Delays(Fault fault, long ackNs, Duration lateBy) {
            super(fault);
            this.ackNs = ackNs;
            this.lateBy = lateBy;
        }

        @Override
        long commandDelayNs() {
            return ackNs;
        }

        @Override
        long resultDelayNs(ServerMessage.Command command) {
            return lateBy.isZero() ? 0 : lateBy.plusSeconds(command.timeoutS()).toNanos();
        }
    }

    private static final class StalledReader extends Behaviour {
        StalledReader() {
            super(Fault.STALLED_READER);
        }

        @Override
        int receiveBuffer() {
            return STALLED_RECEIVE_BUFFER;
        }

        @Override
        boolean noticesSilence() {
            return false;
        }

        @Override
        void loggedIn(SimulatedAgent agent, Session session) {
            session.stopReading();
        }
    }

    private static final class Frozen extends Behaviour {
        Frozen() {
            super(Fault.FROZEN);
        }

        @Override
        void loggedIn(SimulatedAgent agent, Session session) {
            agent.later(FREEZE_AFTER_NS, agent::freeze);
        }
    }

    private static final class Flapping extends Behaviour {
        Flapping() {
            super(Fault.FLAPPING);
        }

        @Override
        void loggedIn(SimulatedAgent agent, Session session) {
            agent.later(agent.randomUpTo(FLAP_LONGEST_NS), () -> session.abort("flapping"));
        }
    }

    private static final class Garbage extends Behaviour {
        private int sent;

        Garbage() {
            super(Fault.GARBAGE);
        }

        @Override
        void loggedIn(SimulatedAgent agent, Session session) {
            agent.later(GARBAGE_PAUSE_NS, () -> {
                if (session.isOpen()) {
                    session.sendRaw(GarbageTexts.number(sent++));
                    loggedIn(agent, session);
                }
            });
        }
    }

    private static final class Split extends Behaviour {
        private boolean again;

        Split() {
            super(Fault.SPLIT);
        }

        /** The older connection does not go when it is told to: it ends when the server aborts it. */
        @Override
        boolean letsGo(boolean newestConnection) {
            return newestConnection;
        }

        @Override
        void loggedIn(SimulatedAgent agent, Session session) {
            agent.later(again ? SPLIT_PAUSE_NS : FIRST_SPLIT_NS, () -> {
                if (agent.isNewest(session)) {
                    again = true;
                    agent.connectBeside();
                    keepBeating(agent, session);
                }
            });
        }

        private static void keepBeating(SimulatedAgent agent, Session older) {
            agent.later(SPLIT_HEARTBEAT_NS, () -> {
                if (older.isOpen()) {
                    older.heartbeat();
                    keepBeating(agent, older);
                }
            });
        }
    }
}

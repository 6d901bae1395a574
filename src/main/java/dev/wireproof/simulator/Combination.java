package dev.wireproof.simulator;

import dev.wireproof.protocol.ServerMessage;

/** Two faults in one agent: at each point the one that differs from a healthy agent decides. */
final class Combination extends Behaviour {
    private final Behaviour one;
    private final Behaviour other;

    Combination(Behaviour one, Behaviour other) {
        super(one.fault());
        this.one = one;
        this.other = other;
    }

    @Override
    int receiveBuffer() {
        return Math.max(one.receiveBuffer(), other.receiveBuffer());
    }

    @Override
    boolean pingReachesAgent() {
        return one.pingReachesAgent() && other.pingReachesAgent();
    }

    @Override
    boolean pongs() {
        return one.pongs() && other.pongs();
    }

    @Override
    boolean noticesSilence() {
        return one.noticesSilence() && other.noticesSilence();
    }

    @Override
    TextFate fateOf(ServerMessage message) {
        TextFate fate = one.fateOf(message);
        TextFate second = other.fateOf(message);
        return fate == TextFate.HANDLED ? second : fate;
    }

    @Override
    long commandDelayNs() {
        return Math.max(one.commandDelayNs(), other.commandDelayNs());
    }

    @Override
    boolean refusesCommands() {
        return one.refusesCommands() || other.refusesCommands();
    }

    @Override
    int ackCopies() {
        return Math.max(one.ackCopies(), other.ackCopies());
    }

    @Override
    boolean sendsResults() {
        return one.sendsResults() && other.sendsResults();
    }

    @Override
    long resultDelayNs(ServerMessage.Command command) {
        return Math.max(one.resultDelayNs(command), other.resultDelayNs(command));
    }

    @Override
    boolean beats() {
        return one.beats() && other.beats();
    }

    @Override
    boolean letsGo(boolean newestConnection) {
        return one.letsGo(newestConnection) && other.letsGo(newestConnection);
    }

    @Override
    void loggedIn(SimulatedAgent agent, Session session) {
        one.loggedIn(agent, session);
        other.loggedIn(agent, session);
    }
}

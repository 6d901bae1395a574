package dev.wireproof.simulator;

import dev.wireproof.protocol.ServerMessage;

/**
 * The points at which agents differ. This class is the healthy agent; {@link Misbehaviours} has the others. One for each agent,
 * on its loop.
 */
class Behaviour {

    /** What becomes of a Text that arrived at the agent's end of the connection. */
    enum TextFate {
        /** Counted and acted on. */
        HANDLED,
        /** Counted by the reader, then nothing. */
        IGNORED,
        /** Counted, and counted as a parse error with its hash in {@code last_error}; not answered. */
        UNPARSABLE,
        /** It never reached the agent, which therefore counts nothing. */
        LOST
    }

    private final Fault fault;

    Behaviour(Fault fault) {
        this.fault = fault;
    }

    final Fault fault() {
        return fault;
    }

    /** Bytes for SO_RCVBUF; 0 for the kernel's own choice. */
    int receiveBuffer() {
        return 0;
    }

    boolean pingReachesAgent() {
        return true;
    }

    boolean pongs() {
        return true;
    }

    /** Whether it reconnects when nothing, or no Text, came in for too long. */
    boolean noticesSilence() {
        return true;
    }

    /** Asked for every Text; those up to the login's ConfigUpdate are handled whatever is answered. */
    TextFate fateOf(ServerMessage message) {
        return TextFate.HANDLED;
    }

    /** Between reading a Command and doing anything about it. */
    long commandDelayNs() {
        return 0;
    }

    boolean refusesCommands() {
        return false;
    }

    int ackCopies() {
        return 1;
    }

    boolean sendsResults() {
        return true;
    }

    /** Between the end of a command's process and its result. */
    long resultDelayNs(ServerMessage.Command command) {
        return 0;
    }

    /** Whether it sends heartbeats; without them nobody sees its counters. */
    boolean beats() {
        return true;
    }

    /** Whether it answers a Close on this connection and lets it go. */
    boolean letsGo(boolean newestConnection) {
        return true;
    }

    /** A connection has seen AuthAck and the ConfigUpdate behind it: the login is complete. */
    void loggedIn(SimulatedAgent agent, Session session) {}
}

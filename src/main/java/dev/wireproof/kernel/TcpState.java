package dev.wireproof.kernel;

/** The states of RFC 9293 §3.3.2, in the order of Linux's numbers from 1. */
public enum TcpState {
    ESTABLISHED,
    SYN_SENT,
    SYN_RECEIVED,
    FIN_WAIT_1,
    FIN_WAIT_2,
    TIME_WAIT,
    CLOSED,
    CLOSE_WAIT,
    LAST_ACK,
    LISTEN,
    CLOSING,
    /** A number that this program does not know. */
    OTHER;

    private static final TcpState[] ALL = values();

    static TcpState of(int number) {
        return number >= 1 && number < ALL.length ? ALL[number - 1] : OTHER;
    }

    /** Bit mask of the states in which a socket has a peer, and bytes that may be on their way to it. */
    static int connectedMask() {
        int mask = 0;
        for (TcpState state : ALL) {
            if (state.connected()) {
                mask |= 1 << (state.ordinal() + 1);
            }
        }
        return mask;
    }

    boolean connected() {
        return switch (this) {
            case ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, LAST_ACK, CLOSING -> true;
            case SYN_SENT, SYN_RECEIVED, TIME_WAIT, CLOSED, LISTEN, OTHER -> false;
        };
    }
}

package dev.wireproof.protocol;

import java.util.Optional;

/** Every close that either end may send, and what an agent does next: come back, or stay away. */
public enum CloseCode {
    NORMAL(1000, "normal end", AgentReaction.NOTHING),
    GOING_AWAY(1001, "the server is draining for a restart", AgentReaction.RECONNECT_WITH_JITTER),
    PROTOCOL_ERROR(1002, "framing error", AgentReaction.BACK_OFF),
    UNSUPPORTED_DATA(1003, "binary messages are not part of rmm.v1", AgentReaction.BACK_OFF),
    INVALID_UTF8(1007, "invalid UTF-8", AgentReaction.BACK_OFF),
    TOO_BIG(1009, "message too big", AgentReaction.BACK_OFF),
    OVERLOADED(1013, "the server is overloaded", AgentReaction.BACK_OFF),
    BAD_START(4400, "the first message must be Auth", AgentReaction.BACK_OFF),
    AUTH_REFUSED(4401, "authentication refused", AgentReaction.NOT_BEFORE_RETRY_AFTER),
    REVOKED(4403, "agent revoked or deleted", AgentReaction.STOP_AND_ENROL_AGAIN),
    AUTH_TIMEOUT(4408, "no Auth in time", AgentReaction.BACK_OFF),
    SUPERSEDED(4409, "superseded by a newer connection of this agent", AgentReaction.WAIT_60_S_UNLESS_CONNECTED),
    EVICTED(4410, "evicted", AgentReaction.RECONNECT_WITH_JITTER),
    IDENTITY_CONFLICT(4411, "two live processes use this identity", AgentReaction.TRY_EACH_HOUR),
    TOO_MANY(4429, "too many connections or messages", AgentReaction.NOT_BEFORE_RETRY_AFTER);

    /** What the agent does after this close. */
    public enum AgentReaction {
        NOTHING,
        RECONNECT_WITH_JITTER,
        BACK_OFF,
        NOT_BEFORE_RETRY_AFTER,
        STOP_AND_ENROL_AGAIN,
        WAIT_60_S_UNLESS_CONNECTED,
        TRY_EACH_HOUR
    }

    private final int code;
    private final String meaning;
    private final AgentReaction reaction;

    CloseCode(int code, String meaning, AgentReaction reaction) {
        this.code = code;
        this.meaning = meaning;
        this.reaction = reaction;
    }

    public int code() {
        return code;
    }

    /** The default reason text of the Close frame. */
    public String meaning() {
        return meaning;
    }

    public AgentReaction reaction() {
        return reaction;
    }

    /** @return empty for a code that the protocol does not name, such as 1006 */
    public static Optional<CloseCode> of(int code) {
        for (CloseCode known : values()) {
            if (known.code == code) {
                return Optional.of(known);
            }
        }
        return Optional.empty();
    }
}

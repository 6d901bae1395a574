package dev.wireproof.simulator;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What can be wrong with a simulated agent. The name on the command line is the constant's, in lower case with hyphens. */
enum Fault {
    /** Nothing is wrong. */
    HEALTHY,
    /** Reads and pongs; every Text after the login is counted as read and then ignored. */
    TEXT_DEAF,
    /** Echoes, but ignores Command and CommandCancel. */
    COMMAND_DEAF,
    /** Cannot parse any Text after the login: counts a parse error and tells of it in its heartbeats, answers nothing. */
    UNPARSING,
    /** Answers every Command with CommandNack, code refused. */
    NACKING,
    /** Sees every Ping and answers none. */
    SILENT_PONG,
    /** Stops reading the socket after the login, with a small receive buffer; its heartbeats go on. */
    STALLED_READER,
    /** Logs in a second time after 3 s, then every 20 s, and keeps the older connection sending heartbeats until that is aborted. */
    SPLIT,
    /** Handles each Command so many seconds after it came. */
    SLOW_ACK,
    /** Acknowledges and starts, and never sends a result. */
    NO_RESULT,
    /** Drops its connection every few seconds without a Close, and comes back. */
    FLAPPING,
    /** Applies the configuration of the login; deaf to Text, for good, once a later one came. */
    CONFIG_POISONED,
    /** Sends every CommandAck three times. */
    DUPLICATE_ACKS,
    /** Healthy, but sends a text that nobody can use every few seconds. */
    GARBAGE,
    /** Its proxy drops Ping: the agent never sees one, and its counter of Pings stays at 0. */
    CONTROL_SWALLOWING,
    /** Its proxy drops Text after the login: the agent sees Pings, and its counter of texts stays where it was. */
    TEXT_SWALLOWING,
    /** Its process stops for good soon after the login; the kernel keeps the socket. */
    FROZEN,
    /** Sends a result only after the server must have given up waiting for it. */
    LATE_RESULT;

    String optionName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException that lists the names */
    static Fault named(String name) {
        return Arrays.stream(values())
                .filter(fault -> fault != HEALTHY && fault.optionName().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no fault is called '" + name + "'; there are: "
                        + Arrays.stream(values()).skip(1).map(Fault::optionName).collect(Collectors.joining(", "))));
    }
}

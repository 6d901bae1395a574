package dev.wireproof.diagnosis;

import java.util.Locale;
import java.util.Optional;

/**
 * Where commands get lost. The order is that of {@link Rules}: the first that matches stands. What each means to a technician is in
 * {@code docs/diagnosis.md}.
 */
public enum Verdict {
    AGENT_OFFLINE(
            "The agent has no connection to this server.",
            "connectivity",
            "See on the machine whether it is powered on and whether the agent's service runs, and from there whether it reaches the server's"
                    + " address; its commands wait and are offered when it comes."),
    IDENTITY_CONFLICT(
            "Two living processes use this agent's identity and take the connection from each other.",
            "cloned machine or stolen key",
            "Find the second machine at the addresses shown: a clone of the image, or someone with a copied key. Give it an enrolment of its"
                    + " own, rotate this agent's key, then release the agent."),
    SPLIT_SESSION(
            "Texts of this agent arrive on a connection that is not the registered one.",
            "duplicate or stale session, at the proxy or the agent",
            "Look on the machine for a second agent process or service, and at the proxy for connections that it keeps after the agent left"
                    + " them; end the older one."),
    SERVER_NOT_WRITING(
            "Frames for this agent wait in this server and no write is started, while the agent's own traffic arrives.",
            "this server",
            "This is a fault of the server and not of the agent: keep this report and the server's log, evict the agent (its commands are"
                    + " offered again on its next connection) and report the fault."),
    SERVER_WRITE_FAILED(
            "This server could not write to its socket though the connection lived.",
            "this server's socket",
            "Look at the error shown and at the server's own limits (file descriptors, memory, firewall on this host); the agent's commands"
                    + " are offered again on its next connection."),
    SERVER_WRITE_STALLED(
            "A text could not be written in full: the other end, or the path to it, stopped taking bytes.",
            "a peer or path that stopped taking bytes",
            "Look at what stands next on the path (proxy, VPN, firewall) and at the agent's process: it has stopped taking bytes. Restart the"
                    + " agent; if its next connection stalls too, the path is to blame."),
    AGENT_REJECTS_COMMAND(
            "The command arrived, and the agent refused it.",
            "agent, or our message",
            "Read the code and the agent's own words below: they say what it will not take. Change the command or the agent's configuration,"
                    + " or update the agent."),
    COMMAND_SPECIFIC(
            "This command is lost, while others to the same agent are acknowledged on the same connection.",
            "the command's own content",
            "The agent takes other commands on this very connection: look at what is special in this one (size, characters, interpreter), and"
                    + " send a small one of the same kind."),
    ACKED_NO_RESULT(
            "The agent has the command and did not tell how it ended.",
            "agent's executor",
            "The way to the agent is fine. Look on the machine for the command's process, for a full disk, and for a limit on concurrent"
                    + " commands; restart the agent's service when its executor hangs."),
    AGENT_SLOW_ACK(
            "Commands arrive and are acknowledged, but late.",
            "agent busy or starved",
            "The way to the agent is fine, it is slow: look at the machine's load, memory and disk, and at what else the agent runs."),
    HEALTHY(
            "The command got through and was acknowledged in time.",
            "none",
            "Nothing: commands get through. If one was lost before, look at that command's own timeline."),
    OUTBOUND_PATH_LOST(
            "What this server sends is not acknowledged by the next hop's TCP, while the agent's own traffic arrives.",
            "network from server to the next hop",
            "Look at the network between this server and the next hop (routing, firewall state, MTU, VPN): what is sent from here is not"
                    + " acknowledged by the other end's TCP, while its own traffic arrives."),
    PEER_NOT_READING(
            "The next hop's TCP takes the bytes, and nobody behind it reads them.",
            "agent frozen, or a proxy keeping a dead agent's socket",
            "See whether the agent's process is stopped or hangs (dump its threads before restarting it); behind a proxy, whether that proxy"
                    + " keeps the socket of an agent that is gone."),
    PINGS_UNANSWERED(
            "Pings are written and not answered.",
            "a middlebox that swallows control frames, or half-open",
            "Look for a proxy or security appliance on the path that inspects WebSockets and drops control frames, and let the agent connect"
                    + " past it once. If nothing else shows that texts arrive, treat the connection as half-open: evict and repeat."),
    COMMAND_HANDLER_STUCK(
            "The agent reads and answers texts, and does not take commands.",
            "the agent's command path behind its reader",
            "The agent reads and answers texts, and its command handler does not: take a thread dump of the agent, then restart its service."),
    CONFIG_SUSPECT(
            "The agent acknowledged commands until a configuration was pushed, and none since.",
            "the configuration pushed",
            "Commands were acknowledged on this connection until a configuration was pushed: put the earlier configuration back, evict, and"
                    + " see whether it acknowledges again."),
    AGENT_TEXT_UNPARSED(
            "The server's bytes left and were read; the agent itself counted the text, and does not process Text.",
            "agent's parser, or this server's message",
            "The agent's own counter shows that the text arrived there: look at the agent's log for parse errors or a dead handler, compare its"
                    + " version with one that works, and restart or update it."),
    PATH_TEXT_LOSS(
            "The server's bytes left and were read by whoever answers Pings, and the agent's own reader saw no text.",
            "something that passes Ping and drops Text",
            "Look for a proxy, VPN or security appliance on the path that inspects WebSocket text, and let the agent connect past it once."),
    AGENT_NOT_PROCESSING_TEXT(
            "The server's bytes left and were read at the other end; the agent does not process Text.",
            "agent, or Text lost after this server",
            "Restart the agent's service and look at its log from before; if it stays, update it. Heartbeats with counters would tell whether"
                    + " the text reached the agent or was lost on the way."),
    INCONCLUSIVE(
            "What was seen does not show where commands get lost.",
            "unknown",
            "Get the observation that is missing, as told below, and diagnose again."),
    PERSISTENT_AFTER_RECONNECT(
            "The same fault is there on a new connection: it is not the socket.",
            "not the socket: agent state or site path",
            "A new connection changed nothing. Follow the next step of the verdict underneath; evicting again will not help."),
    CURED_BY_RECONNECT(
            "The fault was there on the old connection and is gone on a new one.",
            "the earlier connection",
            "The new connection works. Keep this report: if it comes again, the verdict underneath says where to look on the old kind of"
                    + " connection.");

    private final String meaning;
    private final String faultDomain;
    private final String nextStep;
    private final String wireName = name().toLowerCase(Locale.ROOT);

    Verdict(String meaning, String faultDomain, String nextStep) {
        this.meaning = meaning;
        this.faultDomain = faultDomain;
        this.nextStep = nextStep;
    }

    /** What was found, in one sentence. */
    public String meaning() {
        return meaning;
    }

    /** What is to blame, as far as the evidence goes. */
    public String faultDomain() {
        return faultDomain;
    }

    /** What a technician does next. */
    public String nextStep() {
        return nextStep;
    }

    /** As in the API and the database: {@code agent_offline}. */
    public String wireName() {
        return wireName;
    }

    /** Whether something is wrong with the agent or the way to it. */
    public boolean failing() {
        return this != HEALTHY && this != CURED_BY_RECONNECT;
    }

    /** @return empty for a name that is none of ours */
    public static Optional<Verdict> ofWireName(String name) {
        for (Verdict verdict : values()) {
            if (verdict.wireName.equals(name)) {
                return Optional.of(verdict);
            }
        }
        return Optional.empty();
    }
}

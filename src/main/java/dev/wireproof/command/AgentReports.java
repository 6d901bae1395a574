package dev.wireproof.command;

import dev.wireproof.access.StorableText;
import dev.wireproof.command.Work.Answer;
import dev.wireproof.command.Work.Chunk;
import dev.wireproof.command.Work.EventMaker;
import dev.wireproof.command.Work.Report;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.connection.AgentMessageHandler;
import dev.wireproof.connection.Received;
import dev.wireproof.id.AgentId;
import dev.wireproof.id.CommandId;
import dev.wireproof.protocol.AgentMessage;
import dev.wireproof.protocol.AgentMessage.CommandAck;
import dev.wireproof.protocol.AgentMessage.CommandLedger;
import dev.wireproof.protocol.AgentMessage.CommandNack;
import dev.wireproof.protocol.AgentMessage.CommandOutput;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import dev.wireproof.protocol.AgentMessage.CommandStarted;
import dev.wireproof.protocol.AgentMessage.Encoding;
import dev.wireproof.protocol.AgentMessage.Heartbeat;
import dev.wireproof.protocol.AgentMessage.LedgerEntry;
import dev.wireproof.protocol.CloseCode;
import dev.wireproof.protocol.ProtocolFault;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What agents say of commands, handed on to be stored. Runs on the connections' reading threads and therefore only turns messages into
 * work; what cannot be used is answered.
 */
final class AgentReports {

    /** Remembers how far an agent's record is known to have come. Blocks. */
    interface RecordSeen {
        @Nullable
        Instant seen(AgentId agent, UUID ledger, long seq, Instant at);
    }

    private static final Logger log = LoggerFactory.getLogger(AgentReports.class);

    private final CommandInbox inbox;
    private final Lanes lanes;
    private final Dispatcher dispatcher;
    private final RecordSeen records;
    private final Predicate<AgentId> paused;
    private final Executor blocking;
    private final DeliveryObserver observer;

    /**
     * @param paused whether an operator stopped offering again to that agent
     * @param blocking where writing to the database blocks nobody
     */
    AgentReports(
            CommandInbox inbox,
            Lanes lanes,
            Dispatcher dispatcher,
            RecordSeen records,
            Predicate<AgentId> paused,
            Executor blocking,
            DeliveryObserver observer) {
        this.paused = paused;
        this.inbox = inbox;
        this.lanes = lanes;
        this.dispatcher = dispatcher;
        this.records = records;
        this.blocking = blocking;
        this.observer = observer;
    }

    AgentMessageHandler<CommandAck> acks() {
        return handler(CommandAck.class, this::ack);
    }

    AgentMessageHandler<CommandNack> nacks() {
        return handler(CommandNack.class, this::nack);
    }

    AgentMessageHandler<CommandStarted> starts() {
        return handler(CommandStarted.class, (from, r) -> {
            observer.agentClock(Duration.between(r.at(), r.message().startedAt()));
            Line line = lanes.lineOf(from);
            tell(
                    r.message().commandId(),
                    _ -> new CommandEvent.Started(r.at(), line),
                    report(from, r, null, null, null));
        });
    }

    AgentMessageHandler<CommandOutput> outputs() {
        return handler(CommandOutput.class, this::output);
    }

    AgentMessageHandler<CommandResult> results() {
        return handler(CommandResult.class, (from, r) -> {
            Line line = lanes.lineOf(from);
            CommandResult result = storable(r.message());
            tell(
                    result.commandId(),
                    _ -> new CommandEvent.Finished(r.at(), line, result),
                    report(from, r, null, null, result));
        });
    }

    AgentMessageHandler<CommandLedger> ledgers() {
        return handler(CommandLedger.class, this::ledger);
    }

    AgentMessageHandler<Heartbeat> heartbeats() {
        return handler(Heartbeat.class, (from, _) -> {
            if (!paused.test(from.agentId())) {
                dispatcher.heartbeat(from);
            }
        });
    }

    /** Agents may send what PostgreSQL cannot hold. */
    private static CommandResult storable(CommandResult r) {
        return new CommandResult(
                r.commandId(),
                r.outcome(),
                r.exitCode(),
                storable(r.signal()),
                r.stdoutBytes(),
                r.stderrBytes(),
                r.truncated(),
                r.startedAt(),
                r.durationMs(),
                storable(r.message()));
    }

    private static @Nullable String storable(@Nullable String text) {
        return text == null ? null : StorableText.of(text);
    }

    private void ack(AgentLink from, Received<CommandAck> r) {
        CommandAck ack = r.message();
        Line line = lanes.lineOf(from);
        proved(from, ack.commandId(), ack.attempt());
        Answer answer = new Answer(ack.attempt(), null, null, ack.textBytes(), storable(ack.textSha256()));
        boolean altered = altered(from, ack.commandId(), answer);
        tell(
                ack.commandId(),
                _ -> new CommandEvent.Acked(r.at(), line, ack.attempt(), ack.status(), altered),
                report(from, r, answer, null, null));
    }

    private void nack(AgentLink from, Received<CommandNack> r) {
        CommandNack nack = r.message();
        CommandId id = nack.commandId();
        Integer attempt = nack.attempt();
        if (id == null) {
            Lane lane = lanes.of(from.connectionId());
            String sha256 = nack.textSha256();
            AttemptTrace offer = lane == null || sha256 == null ? null : lane.withHash(sha256);
            if (offer == null) {
                Texts.refuse(
                        from,
                        ProtocolFault.Code.UNEXPECTED,
                        "no offer on this connection has that hash",
                        CommandNack.class,
                        r.bytes());
                return;
            }
            id = offer.commandId;
            attempt = offer.attempt;
        }
        CommandId named = id;
        Integer of = attempt;
        Line line = lanes.lineOf(from);
        String message = StorableText.of(nack.message());
        if (of != null) {
            proved(from, named, of);
        }
        Answer answer =
                of == null ? null : new Answer(of, nack.code(), message, nack.textBytes(), storable(nack.textSha256()));
        tell(
                named,
                _ -> new CommandEvent.Nacked(r.at(), line, of, nack.code(), message),
                report(from, r, answer, null, null));
    }

    /** The agent answered a text: the way to it works. */
    private void proved(AgentLink from, CommandId id, int attempt) {
        Lane lane = lanes.of(from.connectionId());
        AttemptTrace trace = lane == null ? null : lane.trace(id);
        if (trace != null && trace.attempt == attempt) {
            trace.answered();
        }
        if (trace != null && trace.attempt == attempt && trace.enqueuedNs > 0) {
            from.answered(trace.writtenNs > 0 ? trace.writtenNs : trace.enqueuedNs);
        }
    }

    private boolean altered(AgentLink from, CommandId id, Answer answer) {
        Lane lane = lanes.of(from.connectionId());
        AttemptTrace trace = lane == null ? null : lane.trace(id);
        return trace != null
                && trace.attempt == answer.attempt()
                && Boolean.TRUE.equals(AttemptReader.altered(
                        trace.frameBytes, trace.frameSha256, answer.seenBytes(), answer.seenSha256()));
    }

    private void output(AgentLink from, Received<CommandOutput> r) {
        CommandOutput output = r.message();
        byte[] bytes;
        try {
            bytes = output.encoding() == Encoding.BASE64
                    ? Base64.getDecoder().decode(output.data())
                    : output.data().getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            invalid(from, r, "data: not base64");
            return;
        }
        if (output.offset() < 0 || output.offset() > Long.MAX_VALUE - bytes.length) {
            invalid(from, r, "offset: out of range");
            return;
        }
        Line line = lanes.lineOf(from);
        Chunk chunk = new Chunk(output.stream(), output.offset(), bytes);
        tell(output.commandId(), _ -> new CommandEvent.OutputSeen(r.at(), line), report(from, r, null, chunk, null));
    }

    private static void invalid(AgentLink from, Received<CommandOutput> r, String message) {
        Texts.refuse(from, ProtocolFault.Code.INVALID_FIELD, message, CommandOutput.class, r.bytes());
    }

    private void ledger(AgentLink from, Received<CommandLedger> r) {
        CommandLedger ledger = r.message();
        // Only what was asked, and once: an agent that tells 500 entries in each of a thousand messages a second would
        // fill the writers.
        Lane lane = lanes.of(from.connectionId());
        Map<LedgerEntry, Integer> answers = new LinkedHashMap<>();
        for (LedgerEntry entry : ledger.entries()) {
            Integer asked = lane == null ? null : lane.answeredAbout(entry.commandId());
            if (asked != null) {
                answers.put(entry, asked);
            }
        }
        if (lane == null || answers.isEmpty()) {
            Texts.refuse(
                    from,
                    ProtocolFault.Code.UNEXPECTED,
                    "no CommandLedgerQuery waits for this answer",
                    CommandLedger.class,
                    r.bytes());
            return;
        }
        blocking.execute(() -> {
            Instant wentBack;
            try {
                wentBack = records.seen(from.agentId(), ledger.ledgerId(), ledger.ledgerSeq(), r.at());
            } catch (RuntimeException e) { // it is asked again on its next connection
                log.atWarn().addKeyValue("agent", from.agentId()).setCause(e).log("command.ledger_not_stored");
                return;
            }
            Line line = new Line(from.connectionId(), ledger.ledgerId(), wentBack);
            answers.forEach((entry, asked) -> tell(
                    entry.commandId(),
                    _ -> new CommandEvent.LedgerSaid(
                            r.at(), line, asked, entry.status(), entry.outcome(), entry.exitCode()),
                    report(from, r, null, null, null)));
            askOn(lane);
        });
    }

    private void askOn(Lane lane) {
        try {
            dispatcher.answeredByRecord(lane);
        } catch (RuntimeException e) { // the next connection begins anew
            log.atWarn()
                    .addKeyValue("connection", lane.link.connectionId())
                    .setCause(e)
                    .log("command.record_not_asked_on");
        }
    }

    private void tell(CommandId id, EventMaker event, Report report) {
        if (!inbox.report(id, event, report) && report.result() != null) {
            // An agent repeats a result on its next connection and not before: give it one.
            report.from().close(CloseCode.OVERLOADED, "results cannot be stored as fast as they come");
        }
    }

    private static Report report(
            AgentLink from,
            Received<?> r,
            @Nullable Answer answer,
            @Nullable Chunk chunk,
            @Nullable CommandResult result) {
        return new Report(from, r.message().getClass(), r.at(), r.receivedNs(), r.bytes(), answer, chunk, result);
    }

    private static <M extends AgentMessage> AgentMessageHandler<M> handler(
            Class<M> type, BiConsumer<AgentLink, Received<M>> with) {
        return new AgentMessageHandler<>() {
            @Override
            public Class<M> messageType() {
                return type;
            }

            @Override
            public void handle(AgentLink from, Received<M> received) {
                with.accept(from, received);
            }
        };
    }
}

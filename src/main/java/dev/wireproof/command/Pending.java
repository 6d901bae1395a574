package dev.wireproof.command;

import dev.wireproof.command.Consequence.AcknowledgeResult;
import dev.wireproof.command.Consequence.Note;
import dev.wireproof.command.Consequence.OfferSoon;
import dev.wireproof.command.Consequence.SendCancel;
import dev.wireproof.command.Consequence.SendCommand;
import dev.wireproof.command.Work.Report;
import dev.wireproof.command.Work.Told;
import dev.wireproof.connection.AgentLink;
import dev.wireproof.id.CommandId;
import dev.wireproof.id.ConnectionId;
import dev.wireproof.protocol.AgentMessage.CommandResult;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One command inside one batch: what is known of it, what is to be stored of it, and what is to be done once that is stored. */
final class Pending {

    /** A promise kept after the commit. */
    record Answered(CompletableFuture<Told> to, Told with) {}

    /** A result that is stored, or was before. */
    record ResultAck(AgentLink to) {}

    final CommandRow was;
    final OutputCollector output;
    final List<HistoryRow> history = new ArrayList<>(2);
    final List<SendCommand> sends = new ArrayList<>(1);
    final List<SendCancel> cancels = new ArrayList<>(0);
    final List<AttemptAnswer> answers = new ArrayList<>(1);
    final List<ResultAck> resultAcks = new ArrayList<>(1);
    final List<Answered> answered = new ArrayList<>(2);
    final List<NewAttempt> attempts = new ArrayList<>(1);
    private final Set<Integer> answeredAttempts = new HashSet<>(2);

    @Nullable
    OfferReason offerSoon;

    @Nullable
    CommandBody body;

    Work.@Nullable Create create;

    boolean outputIgnored;

    private CommandFacts facts;
    private int historyN;
    private @Nullable CommandResult result;
    private @Nullable Instant resultAt;

    Pending(CommandRow was, OutputCollector.StoredExtents stored) {
        this.was = was;
        this.facts = was.facts();
        this.historyN = was.facts().historyN();
        this.result = was.result();
        this.resultAt = was.resultAt();
        this.output = new OutputCollector(was.facts().id(), was.output(), was.maxOutputBytes(), stored);
    }

    CommandId id() {
        return facts.id();
    }

    CommandFacts facts() {
        return facts;
    }

    int historyN() {
        return historyN;
    }

    void created(Instant at, String by) {
        history(HistoryRow.Kind.STATE, at, null, null, null, "stored, asked for by " + by);
    }

    void apply(Work.Tell tell, CommandLifecycle lifecycle) throws SQLException {
        Report report = tell.report();
        keepOutput(report);
        CommandEvent event = tell.event().of(facts);
        Transition transition = lifecycle.next(facts, event);
        took(transition, event, report);
        answered.add(new Answered(tell.done(), new Told.Applied(transition, facts)));
    }

    private void keepOutput(@Nullable Report report) throws SQLException {
        if (report == null || report.chunk() == null) {
            return;
        }
        if (facts.resultCommitted()) { // what was promised with CommandResultAck never changes
            outputIgnored = true;
            return;
        }
        output.add(report.chunk(), report.at(), report.from().connectionId());
    }

    void took(Transition transition, CommandEvent event, @Nullable Report report) {
        ConnectionId on = report == null ? null : report.from().connectionId();
        Long ns = report == null ? null : (Long) report.receivedNs();
        noteAnswer(report);
        switch (transition) {
            case Transition.Moved moved -> {
                facts = moved.facts();
                history(HistoryRow.Kind.STATE, event.at(), newest(), from(event, on), ns, moved.cause());
                took(moved.consequences(), event, report);
            }
            case Transition.Stayed stayed -> {
                facts = stayed.facts();
                took(stayed.consequences(), event, report);
            }
            case Transition.Refused _ -> {}
        }
        if (event instanceof CommandEvent.Finished finished && result == null && facts.resultCommitted()) {
            result = finished.result();
            resultAt = finished.at();
        }
    }

    private @Nullable ConnectionId from(CommandEvent event, @Nullable ConnectionId reported) {
        return switch (event) {
            case CommandEvent.OfferPossible _, CommandEvent.DuePassed _ -> facts.attemptConnection();
            case CommandEvent.OfferRefused e -> e.on();
            case CommandEvent.NeverWritten e -> e.on();
            default -> reported;
        };
    }

    private void took(List<Consequence> consequences, CommandEvent event, @Nullable Report report) {
        for (Consequence consequence : consequences) {
            switch (consequence) {
                case SendCommand send -> sends.add(send);
                case SendCancel cancel -> cancels.add(cancel);
                case AcknowledgeResult _ -> {
                    if (report != null) {
                        resultAcks.add(new ResultAck(report.from()));
                    }
                }
                case OfferSoon soon -> offerSoon = soon.reason();
                case Note note -> note(event.at(), report, note.text());
            }
        }
    }

    private void noteAnswer(@Nullable Report report) {
        Work.Answer answer = report == null ? null : report.answer();
        if (report != null && answer != null && answeredAttempts.add(answer.attempt())) {
            answers.add(new AttemptAnswer(
                    id(),
                    answer,
                    report.at(),
                    report.receivedNs(),
                    report.from().connectionId()));
        }
    }

    void note(Instant at, @Nullable Report report, String text) {
        history(
                HistoryRow.Kind.EVIDENCE,
                at,
                newest(),
                report == null ? null : report.from().connectionId(),
                report == null ? null : report.receivedNs(),
                text);
    }

    private @Nullable Integer newest() {
        return facts.offers() == 0 ? null : facts.offers();
    }

    private void history(
            HistoryRow.Kind kind,
            Instant at,
            @Nullable Integer attempt,
            @Nullable ConnectionId on,
            @Nullable Long ns,
            String cause) {
        historyN++;
        history.add(new HistoryRow(id(), historyN, kind, at, facts.state(), facts.certainty(), attempt, on, ns, cause));
    }

    boolean changed() {
        return !facts.equals(was.facts())
                || historyN != was.facts().historyN()
                || !output.marks().equals(was.output())
                || result != was.result();
    }

    /** Whether anyone who follows the command would see something new. */
    boolean visiblyChanged() {
        return changed() || !answers.isEmpty();
    }

    CommandRow row() {
        return new CommandRow(facts.withHistory(historyN), output.marks(), was.maxOutputBytes(), result, resultAt);
    }
}

package dev.wireproof.diagnosis;

import static dev.wireproof.diagnosis.Confidence.HIGH;
import static dev.wireproof.diagnosis.Confidence.LOW;
import static dev.wireproof.diagnosis.Confidence.MEDIUM;

import dev.wireproof.diagnosis.Clue.Answer;
import dev.wireproof.diagnosis.Clue.Answer.No;
import dev.wireproof.diagnosis.Clue.Answer.Unknown;
import dev.wireproof.diagnosis.Clue.Answer.Yes;
import dev.wireproof.diagnosis.Judgement.Exclusion;
import dev.wireproof.diagnosis.Judgement.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * From observations to a verdict: the first rule all of whose clues are answered with yes stands. A clue that is answered with no excludes
 * its verdict, and the answer says why; one that cannot be answered leaves it open. Pure: no clock, no IO, the same answer each time.
 *
 * <p>Read it beside the table in {@code docs/diagnosis.md}: one line there is one {@code rule} here, in the same order.
 */
final class Rules {

    /** How sure, and the name of the rule that says so. */
    record Grade(Confidence confidence, String rule) {}

    /**
     * @param fromSilence whether it rests on something that did not come: where rows were shed, nothing can be said from that
     * @param clues all must be answered with yes
     */
    record Rule(Verdict verdict, boolean fromSilence, List<Clue> clues, Function<Observations, Grade> grade) {}

    static final List<Rule> ALL = List.of(
            seen(Verdict.AGENT_OFFLINE, always(HIGH, "no-connection"), Clues::noConnection),
            seen(
                    Verdict.IDENTITY_CONFLICT,
                    o -> o.elsewhere().conflictSince() != null || o.elsewhere().returns() > 1
                            ? new Grade(HIGH, "held-or-several-returns")
                            : new Grade(MEDIUM, "one-return"),
                    Clues::returned),
            seen(
                    Verdict.SPLIT_SESSION,
                    o -> o.elsewhere().staleFrames() > 1
                            ? new Grade(HIGH, "texts-on-an-older-connection")
                            : new Grade(MEDIUM, "one-text-on-an-older-connection"),
                    Clues::framesElsewhere),
            seen(
                    Verdict.SERVER_NOT_WRITING,
                    always(HIGH, "frames-wait-and-no-write-starts"),
                    Clues::framesWait,
                    Clues::noWriteStarts,
                    Clues::heartbeatsMeanwhile),
            seen(Verdict.SERVER_WRITE_FAILED, always(HIGH, "own-write-error"), Clues::ownWriteFailed),
            seen(
                    Verdict.SERVER_WRITE_STALLED,
                    o -> o.tcp().known() || Clues.stallSeenByKernel(o)
                            ? new Grade(HIGH, "write-unfinished-and-kernel-has-bytes")
                            : new Grade(MEDIUM, "write-unfinished-kernel-unknown"),
                    Clues::writeStuck,
                    Clues::noProgress),
            seen(Verdict.AGENT_REJECTS_COMMAND, always(HIGH, "nack-for-the-command"), Clues::refused),
            silent(
                    Verdict.COMMAND_SPECIFIC,
                    o -> o.fate().otherAcks() > 1
                            ? new Grade(HIGH, "others-acked-on-the-same-connection")
                            : new Grade(MEDIUM, "one-other-acked-on-the-same-connection"),
                    Clues::commandWritten,
                    Clues::notAcked,
                    Clues::othersAcked),
            silent(
                    Verdict.ACKED_NO_RESULT,
                    always(HIGH, "acked-and-result-overdue"),
                    Clues::acked,
                    Clues::resultOverdue),
            seen(Verdict.AGENT_SLOW_ACK, always(HIGH, "ack-after-its-wait"), Clues::acked, Clues::ackedLate),
            seen(
                    Verdict.HEALTHY,
                    o -> o.fate().result()
                            ? new Grade(HIGH, "acked-in-time-and-result")
                            : new Grade(MEDIUM, "acked-in-time"),
                    Clues::ackedInTime),
            silent(
                    Verdict.OUTBOUND_PATH_LOST,
                    always(HIGH, "inbound-fresh-and-tcp-unacknowledged"),
                    Clues::inboundFresh,
                    Clues::commandWritten,
                    Clues::pinged,
                    Clues::tcpNotAcked,
                    Clues::noPong,
                    Clues::noReply,
                    Clues::nothingAcked),
            silent(
                    Verdict.PEER_NOT_READING,
                    o -> new Grade(
                            o.line() != null && o.line().proxy() != null ? MEDIUM : HIGH,
                            "tcp-acknowledged-and-silent"),
                    Clues::commandWritten,
                    Clues::pinged,
                    Clues::tcpAcked,
                    Clues::noPong,
                    Clues::noReply,
                    Clues::nothingAcked,
                    Clues::rxFlatOrAbsent),
            silent(
                    Verdict.PINGS_UNANSWERED,
                    o -> o.since().replies() > 0
                                    || o.rx().textRose()
                                    || o.rx().parseErrorsRose()
                                    || o.since().acks() > 0
                            ? new Grade(HIGH, "texts-read-and-pings-unanswered")
                            : new Grade(LOW, "pings-unanswered-tcp-unknown"),
                    Clues::pinged,
                    Clues::noPong,
                    Clues::textsReadOrTcpUnknown),
            silent(
                    Verdict.COMMAND_HANDLER_STUCK,
                    always(HIGH, "echo-answered-commands-not"),
                    Clues::commandWritten,
                    Clues::echoAnswered,
                    Clues::nothingAcked),
            silent(
                    Verdict.CONFIG_SUSPECT,
                    always(LOW, "acks-ended-with-a-configuration"),
                    Clues::configPushed,
                    Clues::ackedBeforeConfig,
                    Clues::commandWritten,
                    Clues::nothingAcked,
                    Clues::configNotApplied),
            silent(
                    Verdict.AGENT_TEXT_UNPARSED,
                    o -> o.rx().parseErrorsRose()
                            ? new Grade(HIGH, "parse-errors-rose")
                            : new Grade(MEDIUM, "texts-counted-and-not-answered"),
                    Clues::commandWritten,
                    Clues::textsRead,
                    Clues::nothingAcked,
                    Clues::rxRose),
            silent(
                    Verdict.PATH_TEXT_LOSS,
                    o -> o.rx().fencePassed()
                            ? new Grade(HIGH, "agent-saw-the-ping-and-not-the-text")
                            : new Grade(LOW, "agents-counter-or-the-path"),
                    Clues::commandWritten,
                    Clues::textsRead,
                    Clues::nothingAcked,
                    Clues::rxFlat),
            silent(
                    Verdict.AGENT_NOT_PROCESSING_TEXT,
                    o -> new Grade(
                            o.line() != null && o.line().proxy() != null ? LOW : MEDIUM, "read-and-not-answered"),
                    Clues::commandWritten,
                    Clues::textsRead,
                    Clues::nothingAcked,
                    Clues::refusedNothing));

    private Rules() {}

    private static Rule seen(Verdict verdict, Function<Observations, Grade> grade, Clue... clues) {
        return new Rule(verdict, false, List.of(clues), grade);
    }

    private static Rule silent(Verdict verdict, Function<Observations, Grade> grade, Clue... clues) {
        return new Rule(verdict, true, List.of(clues), grade);
    }

    private static Function<Observations, Grade> always(Confidence confidence, String rule) {
        return _ -> new Grade(confidence, rule);
    }

    static Judgement judge(Observations seen) {
        List<Exclusion> excluded = new ArrayList<>();
        Set<String> missing = new LinkedHashSet<>();
        Rule found = null;
        for (Rule rule : ALL) {
            List<Answer> answers =
                    rule.clues().stream().map(clue -> clue.ask(seen)).toList();
            No no = first(answers, No.class);
            Unknown unknown = first(answers, Unknown.class);
            if (no != null) {
                excluded.add(new Exclusion(rule.verdict(), no.text()));
            } else if (unknown != null) {
                missing.add(unknown.missing());
            } else if (found == null) {
                found = rule;
            }
        }
        if (found == null) {
            return inconclusive(seen, "no-rule-matches", excluded, missing);
        }
        if (found.fromSilence() && seen.doubts().shed() > 0) {
            missing.add(
                    "evidence missing: %d frames of this time could not be kept, so what is not found proves nothing; diagnose again when"
                                    .formatted(seen.doubts().shed())
                            + " the database keeps up");
            return inconclusive(seen, "evidence-missing", List.of(), missing);
        }
        List<Statement> evidence = new ArrayList<>();
        for (Clue clue : found.clues()) {
            if (clue.ask(seen) instanceof Yes(String text, long value, Exhibit exhibit)) {
                evidence.add(new Statement(text, value, true, exhibit));
            }
        }
        List<Statement> against = Against.of(seen, found.verdict());
        evidence.addAll(against);
        Grade grade = found.grade().apply(seen);
        boolean contradicted = Against.contradictions(seen) > 0;
        return new Judgement(
                found.verdict(),
                contradicted ? lower(grade.confidence()) : grade.confidence(),
                contradicted ? grade.rule() + "-with-a-contradiction" : grade.rule(),
                evidence,
                excluded,
                List.copyOf(missing));
    }

    private static Judgement inconclusive(
            Observations seen, String rule, List<Exclusion> excluded, Set<String> missing) {
        List<Statement> evidence = new ArrayList<>();
        for (Clue clue : List.<Clue>of(Clues::commandWritten, Clues::textsRead, Clues::acked, Clues::pinged)) {
            if (clue.ask(seen) instanceof Yes(String text, long value, Exhibit exhibit)) {
                evidence.add(new Statement(text, value, true, exhibit));
            }
        }
        evidence.addAll(Against.of(seen, Verdict.INCONCLUSIVE));
        if (missing.isEmpty()) {
            missing.add(
                    "observations that agree with each other: each verdict is contradicted by one of them, see what is excluded; diagnose"
                            + " again");
        }
        return new Judgement(Verdict.INCONCLUSIVE, LOW, rule, evidence, excluded, List.copyOf(missing));
    }

    private static Confidence lower(Confidence confidence) {
        return confidence == HIGH ? MEDIUM : LOW;
    }

    private static <A> @org.jspecify.annotations.Nullable A first(List<Answer> answers, Class<A> type) {
        return answers.stream()
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElse(null);
    }

    /**
     * Whether nothing that may still come can change the verdict. What rests on silence never is: an ack may come until the end, and then
     * the agent was slow and not deaf.
     */
    static boolean settled(Observations seen) {
        Judgement now = judge(seen);
        return switch (now.verdict()) {
            case AGENT_OFFLINE, IDENTITY_CONFLICT, SPLIT_SESSION, SERVER_WRITE_FAILED, ACKED_NO_RESULT -> true;
            case AGENT_SLOW_ACK, HEALTHY -> seen.fate().result();
            case AGENT_REJECTS_COMMAND -> !"busy".equals(codeOf(seen));
            default -> false;
        };
    }

    private static String codeOf(Observations seen) {
        return seen.fate().answer() == null ? "" : seen.fate().answer().code();
    }
}

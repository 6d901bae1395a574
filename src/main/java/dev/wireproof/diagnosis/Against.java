package dev.wireproof.diagnosis;

import dev.wireproof.diagnosis.Clue.Answer.Yes;
import dev.wireproof.diagnosis.Judgement.Statement;
import dev.wireproof.diagnosis.Observations.Rx;
import java.util.ArrayList;
import java.util.List;

/** What does not fit the verdict, told beside it: contradictions, and what is odd though the verdict stands. */
final class Against {
    /** More connections than that in the minutes looked at are odd. */
    private static final int MANY_CONNECTIONS = 3;

    private Against() {}

    static List<Statement> of(Observations o, Verdict verdict) {
        List<Statement> against = new ArrayList<>();
        String impossible = o.rx().contradiction();
        if (impossible != null) {
            add(against, impossible + "; its counters were not used", 1, Exhibit.HEARTBEATS);
        }
        o.doubts().impossible().forEach(what -> add(against, what, 1, Exhibit.NONE));
        if (o.doubts().forgedPongs() > 0) {
            add(
                    against,
                    "%s came that match no Ping that was sent: they prove nothing and were not counted"
                            .formatted(Clues.count(o.doubts().forgedPongs(), "Pong")),
                    o.doubts().forgedPongs(),
                    Exhibit.NONE);
        }
        if (o.doubts().shed() > 0) {
            add(
                    against,
                    "evidence missing: %d frames of this time could not be kept"
                            .formatted(o.doubts().shed()),
                    o.doubts().shed(),
                    Exhibit.NONE);
        }
        if (o.elsewhere().connections() > MANY_CONNECTIONS) {
            add(
                    against,
                    "the agent opened %d connections in these minutes: its line does not hold"
                            .formatted(o.elsewhere().connections()),
                    o.elsewhere().connections(),
                    Exhibit.NONE);
        }
        boolean gotThrough = verdict == Verdict.HEALTHY
                || verdict == Verdict.AGENT_SLOW_ACK
                || verdict == Verdict.ACKED_NO_RESULT
                || verdict == Verdict.AGENT_REJECTS_COMMAND;
        if (gotThrough && Clues.noPong(o) instanceof Yes(String text, long value, Exhibit exhibit)) {
            add(
                    against,
                    "%s: %s; something on the path, or the agent, does not answer control frames"
                            .formatted(Clues.count(o.since().pings(), "Ping"), text),
                    value,
                    exhibit);
        }
        if (verdict == Verdict.AGENT_TEXT_UNPARSED) {
            partlyRead(against, o.rx());
        }
        if (verdict == Verdict.CONFIG_SUSPECT) {
            add(
                    against,
                    "an agent that is deaf to all texts would not acknowledge a configuration either",
                    0,
                    Exhibit.NONE);
        }
        return against;
    }

    private static void partlyRead(List<Statement> against, Rx rx) {
        if (rx.textRise() < rx.writtenBetween()) {
            add(
                    against,
                    "the agent counted %d of the %d texts that were written: some may be lost on the path"
                            .formatted(rx.textRise(), rx.writtenBetween()),
                    rx.textRise(),
                    Exhibit.HEARTBEATS);
        }
    }

    private static void add(List<Statement> against, String text, long value, Exhibit exhibit) {
        against.add(new Statement(text, value, false, exhibit));
    }

    /** How many observations cannot be true together. */
    static int contradictions(Observations o) {
        return (o.rx().contradiction() == null ? 0 : 1)
                + o.doubts().impossible().size();
    }
}

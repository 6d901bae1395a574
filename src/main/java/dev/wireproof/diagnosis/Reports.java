package dev.wireproof.diagnosis;

import dev.wireproof.diagnosis.Judgement.Statement;
import dev.wireproof.diagnosis.Observations.Counts;
import dev.wireproof.diagnosis.Report.FrameCopy;
import dev.wireproof.telemetry.FrameRecord;
import dev.wireproof.telemetry.SeenFrame;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes a report of observations: judges them, and copies the frames that each statement points to. Pure. */
final class Reports {
    private Reports() {}

    static Report of(Observations seen, Map<Exhibit, List<SeenFrame>> exhibits, List<Statement> more) {
        Judgement judgement = Rules.judge(seen);
        List<Statement> statements = new ArrayList<>(judgement.evidence());
        statements.addAll(more);
        List<Report.Item> evidence = statements.stream()
                .map(s -> new Report.Item(s.text(), s.value(), s.supports(), copies(exhibits, s.exhibit())))
                .toList();
        return new Report(
                judgement.verdict(),
                judgement.confidence(),
                judgement.rule(),
                judgement.verdict().meaning(),
                seen.line() == null ? null : seen.line().id().value(),
                seen.since().watchedMs(),
                evidence,
                judgement.excluded().stream()
                        .map(e -> new Report.Excluded(e.hypothesis(), e.because()))
                        .toList(),
                judgement.missing(),
                nextStep(judgement),
                letters(seen.counts()));
    }

    private static String nextStep(Judgement judgement) {
        return judgement.verdict() == Verdict.INCONCLUSIVE
                ? judgement.verdict().nextStep() + " Missing: " + String.join("; ", judgement.missing()) + "."
                : judgement.verdict().nextStep();
    }

    static Map<String, Integer> letters(Counts c) {
        Map<String, Integer> letters = new LinkedHashMap<>();
        letters.put("P", c.p());
        letters.put("Q", c.q());
        letters.put("W", c.w());
        letters.put("F", c.f());
        letters.put("A", c.a());
        letters.put("N", c.n());
        letters.put("E", c.echoes());
        letters.put("e", c.replies());
        letters.put("H", c.h());
        return letters;
    }

    private static List<FrameCopy> copies(Map<Exhibit, List<SeenFrame>> exhibits, Exhibit kind) {
        return exhibits.getOrDefault(kind, List.of()).stream()
                .map(Reports::copy)
                .toList();
    }

    static FrameCopy copy(SeenFrame seen) {
        FrameRecord f = seen.frame();
        return new FrameCopy(
                seen.connectionId().value(),
                f.seq(),
                seen.at(),
                f.direction().wireName(),
                f.opcode().wireName(),
                f.type() == null ? null : Quoted.plain(f.type(), 64),
                f.commandId() == null ? null : f.commandId().value(),
                f.bytes(),
                known(f.fenceSeq()),
                known(f.pongOf()),
                known(f.enqueuedNs()),
                known(f.writeStartedNs()),
                known(f.writtenNs()),
                known(f.receivedNs()),
                f.error() == null ? null : Quoted.plain(f.error(), 300),
                f.sha256());
    }

    private static @Nullable Long known(long value) {
        return value == FrameRecord.NONE ? null : (Long) value;
    }
}

package dev.wireproof.ops;

import dev.wireproof.diagnosis.DiagnosisObserver;
import dev.wireproof.diagnosis.Verdict;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** Counts verdicts. Each has its meter from the start, so that the first of its kind shows in a rate. */
final class DiagnosisMetrics implements DiagnosisObserver {
    private final Map<Verdict, Counter> verdicts = new EnumMap<>(Verdict.class);

    DiagnosisMetrics(MeterRegistry meters) {
        for (Verdict verdict : Verdict.values()) {
            verdicts.put(verdict, meters.counter("wireproof.diagnosis.verdicts", "verdict", verdict.wireName()));
        }
    }

    @Override
    public void diagnosed(Verdict verdict) {
        Objects.requireNonNull(verdicts.get(verdict)).increment();
    }
}

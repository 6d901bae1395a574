package dev.wireproof.diagnosis;

/** Is told of each diagnosis that was stored, on the thread that stored it; returns at once. */
public interface DiagnosisObserver {
    /** Nobody looks. */
    DiagnosisObserver NONE = _ -> {};

    void diagnosed(Verdict verdict);
}

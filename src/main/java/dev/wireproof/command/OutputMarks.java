package dev.wireproof.command;

/**
 * How much of a command's output is stored.
 *
 * @param stdoutEnd behind the last byte stored
 * @param stdoutGaps whether something before that is missing
 * @param cut whether bytes beyond the command's limit came and were not stored
 */
record OutputMarks(long stdoutEnd, long stderrEnd, boolean stdoutGaps, boolean stderrGaps, boolean cut) {
    static final OutputMarks NONE = new OutputMarks(0, 0, false, false, false);
}

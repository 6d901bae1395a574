package dev.wireproof.diagnosis;

/** One question to the observations. */
interface Clue {
    Answer ask(Observations seen);

    /** What the observations say to it, in words and as a number. */
    sealed interface Answer {

        /** They show it. */
        record Yes(String text, long value, Exhibit exhibit) implements Answer {}

        /** They show the opposite. */
        record No(String text, long value, Exhibit exhibit) implements Answer {}

        /** They do not tell. @param missing which observation would, and how to get it */
        record Unknown(String missing) implements Answer {}
    }
}

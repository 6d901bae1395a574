package dev.wireproof.access;

/** Text as PostgreSQL can hold it: NUL and lone surrogates, which agents and callers may send, become U+FFFD. */
public final class StorableText {
    private static final char REPLACEMENT = '\uFFFD';

    private StorableText() {}

    /** @return the text itself when nothing is to be replaced */
    public static String of(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (unfit(text, i)) {
                return replaced(text, i);
            }
        }
        return text;
    }

    private static String replaced(String text, int from) {
        StringBuilder fit = new StringBuilder(text);
        for (int i = from; i < text.length(); i++) {
            if (unfit(text, i)) {
                fit.setCharAt(i, REPLACEMENT);
            }
        }
        return fit.toString();
    }

    /** Whether the text holds a NUL or a lone surrogate. */
    public static boolean fits(String text) {
        return of(text).equals(text);
    }

    private static boolean unfit(String text, int at) {
        char c = text.charAt(at);
        if (c == 0) {
            return true;
        }
        if (Character.isHighSurrogate(c)) {
            return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
        }
        return Character.isLowSurrogate(c) && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
    }
}

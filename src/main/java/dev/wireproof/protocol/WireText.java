package dev.wireproof.protocol;

/**
 * Agent text that a database can keep. PostgreSQL's {@code text} refuses NUL, and half a surrogate pair has no UTF-8:
 * one agent's odd text must not cost other rows of its batch. So NUL becomes its picture U+2400 and a lone surrogate
 * becomes U+FFFD; every other character, control characters included, stays.
 */
final class WireText {
    private static final char PICTURE_OF_NUL = '\u2400';
    private static final char REPLACEMENT = '\uFFFD';

    private WireText() {}

    static String storable(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == 0 || isLoneSurrogate(text, i)) {
                return replaced(text, true);
            }
        }
        return text;
    }

    /** Keeps NUL: for output, which is stored as bytes. A lone surrogate and U+FFFD are three bytes alike. */
    static String encodable(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isLoneSurrogate(text, i)) {
                return replaced(text, false);
            }
        }
        return text;
    }

    static boolean isLoneSurrogate(String text, int at) {
        char c = text.charAt(at);
        if (!Character.isSurrogate(c)) {
            return false;
        }
        return Character.isHighSurrogate(c)
                ? at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1))
                : at == 0 || !Character.isHighSurrogate(text.charAt(at - 1));
    }

    private static String replaced(String text, boolean nulToo) {
        StringBuilder out = new StringBuilder(text);
        for (int i = 0; i < out.length(); i++) {
            if (nulToo && text.charAt(i) == 0) {
                out.setCharAt(i, PICTURE_OF_NUL);
            } else if (isLoneSurrogate(text, i)) {
                out.setCharAt(i, REPLACEMENT);
            }
        }
        return out.toString();
    }
}

package dev.wireproof.diagnosis;

/** What someone else said, fit to be shown and stored: one line, of bounded length, in quotes, without control or unpaired characters. */
final class Quoted {
    private static final int LONGEST = 300;

    private Quoted() {}

    static String of(String said) {
        return '"' + plain(said, LONGEST) + '"';
    }

    static String plain(String said, int longest) {
        StringBuilder fit = new StringBuilder(Math.min(said.length(), longest) + 2);
        said.codePoints().limit(longest).forEach(c -> fit.appendCodePoint(shown(c) ? c : '?'));
        if (said.codePointCount(0, said.length()) > longest) {
            fit.append('…');
        }
        return fit.toString();
    }

    private static boolean shown(int c) {
        int type = Character.getType(c);
        return type != Character.CONTROL
                && type != Character.FORMAT
                && type != Character.SURROGATE
                && type != Character.PRIVATE_USE
                && type != Character.UNASSIGNED
                && type != Character.LINE_SEPARATOR
                && type != Character.PARAGRAPH_SEPARATOR;
    }
}

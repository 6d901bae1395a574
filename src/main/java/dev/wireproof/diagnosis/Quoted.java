package dev.wireproof.diagnosis;

import dev.wireproof.access.Steering;

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
        return !Steering.steers(c)
                && type != Character.SURROGATE
                && type != Character.PRIVATE_USE
                && type != Character.UNASSIGNED;
    }
}

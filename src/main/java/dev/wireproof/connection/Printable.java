package dev.wireproof.connection;

/** Text of the other end that goes into logs, rows and answers: short, and without what breaks a line or a database. */
final class Printable {
    private Printable() {}

    static String shown(String text, int most) {
        StringBuilder kept = new StringBuilder(Math.min(text.length(), most));
        for (int i = 0; i < text.length() && kept.length() < most; i++) {
            char c = text.charAt(i);
            kept.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
        }
        return kept.toString();
    }
}

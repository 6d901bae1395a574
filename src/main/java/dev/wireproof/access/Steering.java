package dev.wireproof.access;

/**
 * Which characters steer the terminal or the page in which a text is read, instead of being seen in it. What others wrote is shown with
 * these escaped or replaced.
 */
public final class Steering {
    private Steering() {}

    /**
     * Control characters (of seven bits and of eight: U+009B begins a sequence just as ESC [ does), separators of lines, and what turns the
     * direction of writing around.
     */
    public static boolean steers(int codePoint) {
        int type = Character.getType(codePoint);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }
}

package dev.wireproof.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/** The edges as {@code docs/command-lifecycle.md} draws them: {@code queued --> offered: OfferPossible, DuePassed}. */
final class DrawnEdges {
    private static final Path DRAWING = Path.of("docs/command-lifecycle.md");

    private DrawnEdges() {}

    static Set<String> read() {
        Set<String> edges = new TreeSet<>();
        try {
            for (String line : Files.readAllLines(DRAWING)) {
                int arrow = line.indexOf("-->");
                int colon = line.indexOf(':');
                if (arrow > 0 && colon > arrow && !line.contains("[*]")) {
                    String edge = line.substring(0, colon).strip();
                    Arrays.stream(line.substring(colon + 1).split(","))
                            .map(event -> edge + ": " + event.strip())
                            .forEach(edges::add);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return edges;
    }
}

package dev.wireproof.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Inputs as nobody would write them: those of a corpus, changed at random, the same ones for the same seed. A few thousand in {@code verify};
 * as many as one likes with {@code -Dwireproof.fuzz.rounds=…} and another seed with {@code -Dwireproof.fuzz.seed=…}.
 */
public final class Mutations {
    private static final int ROUNDS = Integer.getInteger("wireproof.fuzz.rounds", 4_000);
    private static final long SEED = Long.getLong("wireproof.fuzz.seed", 7);
    private static final int MOST_CHANGES = 6;
    private static final int LONGEST = 256 * 1024;
    /** What parsers are known to stumble over. */
    private static final List<String> WORDS = List.of(
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\\",
            "\\u0000",
            "\\ud800",
            "\\u202e",
            ":",
            ",",
            "null",
            "true",
            "-",
            "-0",
            "1e999",
            "0x7f",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775809",
            "1.7976931348623157e309",
            "NaN",
            "Infinity",
            "\u0000",
            "\r\n",
            "\t",
            "\u001b[2J",
            "\u2028",
            "\ufeff",
            "\ud83d\ude00",
            "../",
            "%00",
            "%2f",
            "${jndi:ldap://x}",
            "'; DROP TABLE command; --",
            "{\"a\":",
            "[[[[[[[[[[[[[[[[",
            "/*",
            "//",
            "2026-11-25T10:11:12.345678Z",
            "+999999999-12-31T23:59:59Z",
            "0198c0de-0000-7000-8000-000000000001",
            "type",
            "payload",
            "command_id");

    /** What is to hold for each input; it throws when it does not. */
    public interface Property {
        void holdsFor(byte[] input) throws Exception;
    }

    private final List<byte[]> corpus;
    private final Random random;

    private Mutations(List<byte[]> corpus, long seed) {
        this.corpus = corpus;
        this.random = new Random(seed);
    }

    /**
     * Tries the corpus itself, and then what comes of it.
     *
     * @param part of the rounds, for what is slow: 1 is all of them, 10 a tenth
     */
    public static void of(List<byte[]> corpus, int part, Property property) {
        for (byte[] input : corpus) {
            check(property, input);
        }
        Mutations mutations = new Mutations(corpus, SEED);
        for (int round = 0; round < ROUNDS / part; round++) {
            check(property, mutations.next());
        }
    }

    private static void check(Property property, byte[] input) {
        try {
            property.holdsFor(input);
        } catch (Throwable e) { // whatever it is, the input is what is worth knowing
            throw new AssertionError(
                    "seed %d, input in base64: %s"
                            .formatted(SEED, Base64.getEncoder().encodeToString(input)),
                    e);
        }
    }

    /** All files of {@code src/test/resources/fuzz/FOLDER}: seeds, and what was once found. */
    public static List<byte[]> corpus(String folder) {
        try (Stream<Path> files = Files.list(Path.of("src/test/resources/fuzz", folder))) {
            List<byte[]> inputs = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                inputs.add(Files.readAllBytes(file));
            }
            return inputs;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] next() {
        byte[] input = any();
        int changes = 1 + random.nextInt(MOST_CHANGES);
        for (int i = 0; i < changes; i++) {
            input = changed(input);
        }
        return input.length > LONGEST ? Arrays.copyOf(input, LONGEST) : input;
    }

    private byte[] any() {
        return corpus.get(random.nextInt(corpus.size()));
    }

    private byte[] changed(byte[] input) {
        int at = random.nextInt(input.length + 1);
        int to = at + (input.length == at ? 0 : random.nextInt(Math.min(64, input.length - at) + 1));
        return switch (random.nextInt(7)) {
            case 0 -> { // another bit
                byte[] copy = input.clone();
                if (copy.length > 0) {
                    copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
                }
                yield copy;
            }
            case 1 -> joined(input, 0, at, new byte[0], input, to, input.length); // a piece gone
            case 2 -> joined(input, 0, at, Arrays.copyOfRange(input, at, to), input, at, input.length); // a piece twice
            case 3 -> joined(input, 0, at, word(), input, at, input.length);
            case 4 -> joined(input, 0, at, word(), input, to, input.length);
            case 5 -> { // the head of one, the tail of another
                byte[] other = any();
                yield joined(input, 0, at, new byte[0], other, random.nextInt(other.length + 1), other.length);
            }
            default -> {
                byte[] noise = new byte[1 + random.nextInt(8)];
                random.nextBytes(noise);
                yield joined(input, 0, at, noise, input, to, input.length);
            }
        };
    }

    private byte[] word() {
        String word = WORDS.get(random.nextInt(WORDS.size()));
        int times = random.nextInt(50) == 0 ? 2_000 : 1;
        return word.repeat(times).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] joined(byte[] head, int from, int to, byte[] middle, byte[] tail, int tailFrom, int tailTo) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(head, from, to - from);
        out.writeBytes(middle);
        out.write(tail, tailFrom, Math.max(0, tailTo - tailFrom));
        return out.toByteArray();
    }
}

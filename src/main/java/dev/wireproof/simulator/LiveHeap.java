package dev.wireproof.simulator;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The live heap of another JVM of this machine: {@code jcmd PID GC.class_histogram} collects fully, then counts what is left. */
final class LiveHeap {
    private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+(\\d+)\\s+(\\d+)\\s*$");

    private LiveHeap() {}

    /** @throws IllegalStateException when jcmd gives no total */
    static long bytesOf(long pid) throws IOException, InterruptedException {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(pid),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String answer = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        jcmd.waitFor();
        return total(answer);
    }

    static long total(String histogram) {
        Matcher matcher = TOTAL.matcher(histogram);
        if (!matcher.find()) {
            throw new IllegalStateException("jcmd gave no class histogram: "
                    + histogram.lines().limit(3).toList());
        }
        return Long.parseLong(matcher.group(2));
    }
}

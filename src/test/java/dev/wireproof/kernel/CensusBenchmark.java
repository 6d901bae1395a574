package dev.wireproof.kernel;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How long a census of many connected sockets takes, and a look at 64 of them one by one. The other ends live in a process of their own, so
 * that one process's limit of open files is enough.
 *
 * <p>{@code java --enable-native-access=ALL-UNNAMED -cp target/classes:target/test-classes dev.wireproof.kernel.CensusBenchmark 10000}
 */
public final class CensusBenchmark {
    private static final int ROUNDS = 50;

    private CensusBenchmark() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        int sockets = Integer.parseInt(args[0]);
        if (args.length == 2) {
            beTheOtherEnds(sockets, Integer.parseInt(args[1]));
        } else {
            measure(sockets);
        }
    }

    private static void beTheOtherEnds(int sockets, int port) throws IOException {
        List<SocketChannel> open = new ArrayList<>();
        SocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        for (int i = 0; i < sockets; i++) {
            open.add(SocketChannel.open(server));
        }
        while (System.in.read() >= 0) {
            // until the one who measures is gone
        }
        for (SocketChannel one : open) {
            one.close();
        }
    }

    private static void measure(int sockets) throws IOException, InterruptedException {
        SocketDiag kernel = InetDiag.open();
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_024);
            int port = ((InetSocketAddress) listener.getLocalAddress()).getPort();
            Process others = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            CensusBenchmark.class.getName(),
                            Integer.toString(sockets),
                            Integer.toString(port))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            List<SocketChannel> accepted = new ArrayList<>();
            try {
                while (accepted.size() < sockets) {
                    accepted.add(listener.accept());
                }
                report("census of " + sockets, () -> found(kernel.census(port)));
                List<SocketAddresses> few = new ArrayList<>();
                for (SocketChannel one : accepted.subList(0, Math.min(sockets, InetDiag.ONE_BY_ONE))) {
                    few.add(SocketAddresses.of(one.getLocalAddress(), one.getRemoteAddress())
                            .orElseThrow());
                }
                report(few.size() + " one by one", () -> found(kernel.readAll(few)));
                report("one", () -> found(kernel.readAll(few.subList(0, 1))));
            } finally {
                others.getOutputStream().close();
                for (SocketChannel one : accepted) {
                    one.close();
                }
                if (!others.waitFor(10, TimeUnit.SECONDS)) {
                    others.destroyForcibly();
                }
            }
        }
    }

    private interface Question {
        int found();
    }

    private static int found(SocketCensus census) {
        return switch (census) {
            case SocketCensus.Taken taken -> taken.views().size();
            case SocketCensus.Unknown(String why) -> throw new IllegalStateException(why);
        };
    }

    private static void report(String what, Question question) {
        long[] micros = new long[ROUNDS];
        int found = 0;
        for (int i = 0; i < ROUNDS; i++) {
            long from = System.nanoTime();
            found = question.found();
            micros[i] = (System.nanoTime() - from) / 1_000;
        }
        long first = micros[0];
        long[] warm = Arrays.copyOfRange(micros, ROUNDS / 2, ROUNDS);
        Arrays.sort(warm);
        System.out.printf(
                Locale.ROOT,
                "%s: found %d; first %.1f ms; then median %.2f ms, best %.2f ms, worst %.2f ms of %d%n",
                what,
                found,
                first / 1e3,
                warm[warm.length / 2] / 1e3,
                warm[0] / 1e3,
                warm[warm.length - 1] / 1e3,
                warm.length);
    }
}

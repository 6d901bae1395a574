package dev.wireproof;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of its own for agents, whose path can be made to lose what is sent there and to keep what comes from there. */
final class CutOffNetwork implements AutoCloseable {
    private static final long PID = ProcessHandle.current().pid();
    private static final AtomicInteger OPENED = new AtomicInteger();
    /** Nobody has it: frames to it are dropped by whoever gets them. */
    private static final String NOBODYS_MAC = "02:00:00:00:00:99";

    private final String number = PID + "x" + OPENED.incrementAndGet();
    private final String name = "wireproof-" + number;
    private final String subnet = "10.213." + (PID + OPENED.get()) % 250;
    private final String ourEnd = "wpa" + number;
    private final String itsEnd = "wpb" + number;

    private CutOffNetwork() {}

    /** @return empty, with the reason printed, where this machine does not let us */
    static Optional<CutOffNetwork> open() throws InterruptedException {
        CutOffNetwork network = new CutOffNetwork();
        try {
            RealAgents.run("ip", "netns", "add", network.name);
        } catch (IOException e) {
            System.out.println("SKIPPED: no network namespace for a path that drops one way: " + e.getMessage());
            return Optional.empty();
        }
        try {
            network.join();
            return Optional.of(network);
        } catch (IOException e) {
            System.out.println("SKIPPED: no pair of networks for a path that drops one way: " + e.getMessage());
            try {
                network.close();
            } catch (IOException left) {
                System.out.println("left behind: " + left.getMessage());
            }
            return Optional.empty();
        }
    }

    private void join() throws IOException, InterruptedException {
        RealAgents.run("ip", "link", "add", ourEnd, "type", "veth", "peer", "name", itsEnd, "netns", name);
        RealAgents.run("ip", "addr", "add", serverAddress() + "/30", "dev", ourEnd);
        RealAgents.run("ip", "link", "set", ourEnd, "up");
        RealAgents.run("ip", "-n", name, "addr", "add", agentAddress() + "/30", "dev", itsEnd);
        RealAgents.run("ip", "-n", name, "link", "set", itsEnd, "up");
        RealAgents.run("ip", "-n", name, "link", "set", "lo", "up");
    }

    String serverAddress() {
        return subnet + ".1";
    }

    private String agentAddress() {
        return subnet + ".2";
    }

    /** What a command begins with that is to run there. */
    List<String> inside() {
        return List.of("ip", "netns", "exec", name);
    }

    void loseWhatIsSentThere() throws IOException, InterruptedException {
        RealAgents.run(
                "ip", "neigh", "replace", agentAddress(), "lladdr", NOBODYS_MAC, "dev", ourEnd, "nud", "permanent");
    }

    void deliverAgain() throws IOException, InterruptedException {
        RealAgents.run("ip", "neigh", "del", agentAddress(), "dev", ourEnd);
    }

    /** Its end of the pair goes with it, and so does ours. */
    @Override
    public void close() throws IOException, InterruptedException {
        RealAgents.run("ip", "netns", "del", name);
    }
}

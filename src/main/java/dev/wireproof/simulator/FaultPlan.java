package dev.wireproof.simulator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How many agents of a fleet have which fault, as the command line says it: {@code NAME=COUNT}, or for the one fault with a
 * measure {@code slow-ack=SECONDS} for one agent and {@code slow-ack=SECONDS:COUNT} for many.
 */
record FaultPlan(List<Share> shares) {

    /** @param delay of a slow ack; zero for every other fault */
    record Share(Fault fault, int count, Duration delay) {}

    FaultPlan {
        shares = List.copyOf(shares);
    }

    /**
     * @param options each one share, or several with commas between
     * @throws IllegalArgumentException with a message for the user
     */
    static FaultPlan parse(List<String> options) {
        List<Share> shares = new ArrayList<>();
        for (String option : options) {
            for (String part : option.split(",", -1)) {
                shares.add(share(part.strip()));
            }
        }
        return new FaultPlan(shares);
    }

    private static Share share(String text) {
        int equals = text.indexOf('=');
        Fault fault = Fault.named(equals < 0 ? text : text.substring(0, equals));
        String value = equals < 0 ? "1" : text.substring(equals + 1);
        if (fault != Fault.SLOW_ACK) {
            return new Share(fault, positive(value, text), Duration.ZERO);
        }
        if (equals < 0) {
            throw new IllegalArgumentException(
                    "slow-ack needs its seconds: slow-ack=SECONDS or slow-ack=SECONDS:COUNT");
        }
        int colon = value.indexOf(':');
        return new Share(
                fault,
                colon < 0 ? 1 : positive(value.substring(colon + 1), text),
                Duration.ofSeconds(positive(colon < 0 ? value : value.substring(0, colon), text)));
    }

    private static int positive(String number, String whole) {
        try {
            int value = Integer.parseInt(number);
            if (value > 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below, as for 0.
        }
        throw new IllegalArgumentException("in --fault " + whole + ": '" + number + "' is not a number above 0");
    }

    int total() {
        return shares.stream().mapToInt(Share::count).sum();
    }
}

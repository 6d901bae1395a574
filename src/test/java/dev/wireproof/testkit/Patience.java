package dev.wireproof.testkit;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.pollinterval.IterativePollInterval;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * How tests wait for an event, everywhere: they look soon and then less often, since most of what they wait for has happened within
 * milliseconds, and they give up late, since a busy machine is no defect. Registered as a service of the test class path.
 */
public final class Patience implements BeforeAllCallback {
    private static final Duration FIRST_LOOK = Duration.ofMillis(4);
    private static final Duration SELDOM = Duration.ofMillis(100);
    private static final Duration GIVES_UP = Duration.ofSeconds(30);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(new IterativePollInterval(Patience::next, FIRST_LOOK));
        Awaitility.setDefaultTimeout(GIVES_UP);
    }

    private static Duration next(Duration last) {
        Duration doubled = last.multipliedBy(2);
        return doubled.compareTo(SELDOM) < 0 ? doubled : SELDOM;
    }
}

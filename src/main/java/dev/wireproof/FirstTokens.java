package dev.wireproof;

import dev.wireproof.access.Bootstrap;
import java.io.PrintStream;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Shows an operator the tokens that the first start made, as soon as they are stored: nothing else ever shows them, and without one
 * nobody gets in. They go to standard output and not through the log, which may be sent elsewhere.
 */
@Component
final class FirstTokens {

    @Autowired
    FirstTokens(Bootstrap made) {
        this(made, System.out);
    }

    FirstTokens(Bootstrap made, PrintStream out) {
        if (made.adminToken() != null) {
            out.println("wireproof: the first admin API token, shown this once: " + made.adminToken());
        }
        if (made.enrollmentToken() != null) {
            out.println(
                    "wireproof: an enrollment token of the site default, shown this once: " + made.enrollmentToken());
        }
    }
}

package dev.wireproof.diagnosis;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How patient a diagnosis is.
 *
 * @param answerWait how long a Pong, an Echo reply or the end of a write may take before its absence says something; 1 s to 60 s
 */
@ConfigurationProperties("wireproof.diagnosis")
record DiagnosisProperties(@DefaultValue("10s") Duration answerWait) {
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofSeconds(60);

    DiagnosisProperties {
        if (answerWait.compareTo(SHORTEST) < 0 || answerWait.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "wireproof.diagnosis.answer-wait is %s; allowed is 1s to 60s".formatted(answerWait));
        }
    }
}

package dev.wireproof.simulator;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** A histogram of microseconds as the reports show it, in milliseconds. */
final class Latencies {
    private static final double US_PER_MS = 1_000.0;

    private Latencies() {}

    static Map<String, Object> of(Histogram us) {
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("count", us.getTotalCount());
        if (us.getTotalCount() > 0) {
            shown.put("p50_ms", ms(us.getValueAtPercentile(50)));
            shown.put("p90_ms", ms(us.getValueAtPercentile(90)));
            shown.put("p99_ms", ms(us.getValueAtPercentile(99)));
            shown.put("p999_ms", ms(us.getValueAtPercentile(99.9)));
            shown.put("max_ms", ms(us.getMaxValue()));
            shown.put("mean_ms", ms(Math.round(us.getMean())));
        }
        return shown;
    }

    private static double ms(long us) {
        return us / US_PER_MS;
    }
}

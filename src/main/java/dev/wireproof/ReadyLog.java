package dev.wireproof;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** Says in the log when the server takes work and when it stops to, and warns of an address that others can reach without TLS. */
@Component
final class ReadyLog {
    private static final Logger log = LoggerFactory.getLogger(ReadyLog.class);

    private final Environment environment;

    ReadyLog(Environment environment) {
        this.environment = environment;
    }

    @EventListener
    void changed(AvailabilityChangeEvent<ReadinessState> event) {
        String name = event.getState() == ReadinessState.ACCEPTING_TRAFFIC ? "server.ready" : "server.draining";
        String address = environment.getProperty("server.address", "");
        log.atInfo()
                .addKeyValue("address", address)
                .addKeyValue("port", environment.getProperty("local.server.port"))
                .log(name);
        boolean loopback = address.startsWith("127.") || address.equals("localhost") || address.equals("::1");
        if (event.getState() == ReadinessState.ACCEPTING_TRAFFIC && !loopback) {
            log.atWarn()
                    .addKeyValue("address", address)
                    .log("server.reachable_without_tls: put a TLS proxy in front, or keep SERVER_ADDRESS on 127.0.0.1");
        }
    }
}

package dev.wireproof.ops;

import dev.wireproof.command.DeliveryLoad;
import dev.wireproof.telemetry.FrameRecorder;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.info.BuildProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Wires the room. The names of the health beans are the names of the parts in {@code /actuator/health}; which of them decide liveness and
 * readiness is in {@code application.yaml}.
 */
@Configuration(proxyBeanMethods = false)
class OpsConfiguration {

    @Bean
    DatabaseWatch databaseWatch(DataSource database) {
        return new DatabaseWatch(database, System::nanoTime);
    }

    @Bean
    DrainLimit drainLimit() {
        return new DrainLimit();
    }

    @Bean
    DeliveryMetrics deliveryMetrics(MeterRegistry meters, InstantSource clock) {
        return new DeliveryMetrics(meters, clock);
    }

    @Bean
    BacklogGauges backlogGauges(DataSource database, InstantSource clock, MeterRegistry meters) {
        return new BacklogGauges(database, clock, meters);
    }

    @Bean
    ServerMeters serverMeters(
            ObjectProvider<BuildProperties> build, DeliveryLoad load, FrameRecorder recorder, DatabaseWatch database) {
        BuildProperties known = build.getIfAvailable();
        String version = known == null || known.getVersion() == null ? "development" : known.getVersion();
        return new ServerMeters(version, load, recorder, database);
    }

    @Bean
    HealthReasons healthReasons(ApplicationAvailability availability, DatabaseWatch database) {
        return new HealthReasons(availability, database);
    }

    @Bean
    HealthIndicator livenessStateHealthIndicator(HealthReasons reasons) {
        return reasons::alive;
    }

    @Bean
    HealthIndicator readinessStateHealthIndicator(HealthReasons reasons) {
        return reasons::takesWork;
    }

    @Bean
    HealthIndicator databaseHealthIndicator(HealthReasons reasons) {
        return reasons::database;
    }

    @Bean
    HealthIndicator durabilityHealthIndicator(HealthReasons reasons) {
        return reasons::durability;
    }
}

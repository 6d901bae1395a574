package dev.wireproof.ops;

import static java.util.Objects.requireNonNull;

import dev.wireproof.background.LoopingPart;
import dev.wireproof.background.RepeatingTask;
import dev.wireproof.command.Commands;
import dev.wireproof.command.DeliveryLoad;
import dev.wireproof.telemetry.FrameRecorder;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.info.BuildProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Wires the room. The names of the health beans are the names of the parts in {@code /actuator/health}; which of them decide liveness and
 * readiness is in {@code application.yaml}.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(TracesSettings.class)
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
    DiagnosisMetrics diagnosisMetrics(MeterRegistry meters) {
        return new DiagnosisMetrics(meters);
    }

    @Bean
    DeliveryMetrics deliveryMetrics(MeterRegistry meters, InstantSource clock, ObjectProvider<EndedCommands> traces) {
        EndedCommands traced = traces.getIfAvailable();
        return new DeliveryMetrics(meters, clock, traced == null ? _ -> {} : traced);
    }

    /** Only where an endpoint is set: without one nothing of OpenTelemetry is ever loaded. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnProperty("wireproof.traces.endpoint")
    static class Traces {
        private static final Duration EACH = Duration.ofSeconds(1);

        @Bean
        EndedCommands endedCommands(TracesSettings settings) {
            return new EndedCommands(settings.ratio(), System::nanoTime);
        }

        @Bean
        CommandTraces commandTraces(
                EndedCommands ended,
                Commands commands,
                TracesSettings settings,
                ObjectProvider<BuildProperties> build) {
            return new CommandTraces(ended, commands, settings, requireNonNull(settings.endpoint()), version(build));
        }

        @Bean
        MeterBinder traceMeters(CommandTraces traces) {
            return meters -> {
                FunctionCounter.builder("wireproof.traces", traces, CommandTraces::exported)
                        .tag("outcome", "exported")
                        .register(meters);
                FunctionCounter.builder("wireproof.traces", traces, CommandTraces::lost)
                        .tag("outcome", "lost")
                        .register(meters);
            };
        }

        @Bean
        LoopingPart traceLoop(CommandTraces traces) {
            return new LoopingPart() {
                @Override
                protected List<RepeatingTask> loops() {
                    return List.of(RepeatingTask.start("traces", EACH, EACH, traces::exportOnce));
                }
            };
        }
    }

    private static String version(ObjectProvider<BuildProperties> build) {
        BuildProperties known = build.getIfAvailable();
        return known == null || known.getVersion() == null ? "development" : known.getVersion();
    }

    @Bean
    BacklogGauges backlogGauges(DataSource database, InstantSource clock, MeterRegistry meters) {
        return new BacklogGauges(database, clock, meters);
    }

    @Bean
    ServerMeters serverMeters(
            ObjectProvider<BuildProperties> build, DeliveryLoad load, FrameRecorder recorder, DatabaseWatch database) {
        return new ServerMeters(version(build), load, recorder, database);
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

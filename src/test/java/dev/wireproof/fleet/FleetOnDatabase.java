package dev.wireproof.fleet;

import dev.wireproof.id.AgentId;
import dev.wireproof.testkit.SteppingClock;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.boot.autoconfigure.AutoConfigurationPackage;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;

/** The rooms access and fleet alone, on a clock that a test moves. No stereotype: other tests must not find it by scanning. */
@EnableAutoConfiguration
@AutoConfigurationPackage(basePackages = {"dev.wireproof.access", "dev.wireproof.fleet"})
@ComponentScan({"dev.wireproof.access", "dev.wireproof.fleet"})
class FleetOnDatabase {

    /** Who a test says is on the line. */
    static final class Online implements OnlineCheck {
        final Set<AgentId> agents = ConcurrentHashMap.newKeySet();

        @Override
        public boolean online(AgentId agent) {
            return agents.contains(agent);
        }
    }

    @Bean
    SteppingClock clock() {
        return new SteppingClock();
    }

    @Bean
    Online online() {
        return new Online();
    }
}

package dev.wireproof.api;

import org.springframework.boot.autoconfigure.AutoConfigurationPackage;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.ComponentScan;

/** The server without the demo. */
@EnableAutoConfiguration
@AutoConfigurationPackage(basePackages = {"dev.wireproof.access", "dev.wireproof.fleet"})
@ComponentScan({"dev.wireproof.access", "dev.wireproof.fleet", "dev.wireproof.api"})
class ApiOnDatabase {
    @org.springframework.context.annotation.Bean
    dev.wireproof.testkit.SteppingClock clock() {
        return new dev.wireproof.testkit.SteppingClock();
    }
}

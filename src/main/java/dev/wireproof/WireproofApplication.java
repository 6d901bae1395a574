package dev.wireproof;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The server's entry point. */
@SpringBootApplication
public class WireproofApplication {
    public static void main(String[] args) {
        SpringApplication.run(WireproofApplication.class, args);
    }
}

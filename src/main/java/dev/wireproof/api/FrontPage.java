package dev.wireproof.api;

import io.swagger.v3.oas.annotations.Hidden;
import java.net.URI;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Who types the server's address into a browser finds what it can do. */
@Hidden
@RestController
class FrontPage {
    @Anyone
    @GetMapping("/")
    ResponseEntity<Void> toTheDescription() {
        return ResponseEntity.status(HttpStatus.FOUND)
                .location(URI.create("/docs"))
                .build();
    }
}

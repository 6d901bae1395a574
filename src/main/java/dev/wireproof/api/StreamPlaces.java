package dev.wireproof.api;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** So many event streams for one address, so that none takes the places of all. Holds an entry only for addresses that follow now. */
@Component
class StreamPlaces {
    private static final int WAIT_S = 5;

    private final int most;
    private final Map<String, Integer> taken = new ConcurrentHashMap<>();

    StreamPlaces(ApiSettings settings) {
        this.most = settings.streamsPerAddress();
    }

    /** @throws ProblemException 429 when it has all its places; else call {@link #leave} once */
    void take(String address) {
        int now = taken.merge(address, 1, Integer::sum);
        if (now > most) {
            leave(address);
            throw Problem.of(
                            HttpStatus.TOO_MANY_REQUESTS,
                            "too-many-streams",
                            "This address follows as many commands as one address may.")
                    .withHeader("Retry-After", Integer.toString(WAIT_S))
                    .exception();
        }
    }

    void leave(String address) {
        taken.computeIfPresent(address, (_, count) -> count == 1 ? null : count - 1);
    }
}

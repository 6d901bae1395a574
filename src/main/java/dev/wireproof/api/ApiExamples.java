package dev.wireproof.api;

import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.media.ArraySchema;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;

/**
 * Completes the description of each route by what {@code api-examples.json} says of it: a summary, an example of the request and of the
 * answer, and the errors that may come. A route that it does not name stays bare, and a test fails.
 */
@Component
class ApiExamples implements OpenApiCustomizer {
    private static final String FILE = "/api-examples.json";
    private static final String JSON = "application/json";
    /** Types that answers have and no signature shows. */
    private static final List<Class<?>> UNSEEN = List.of(
            SiteController.SiteJson.class,
            ConfigController.ConfigJson.class,
            ApiTokenController.NewApiTokenJson.class,
            EnrollmentTokenController.NewEnrollmentTokenJson.class,
            EchoJson.class,
            DiagnosisJson.class,
            EvidenceController.EvidenceFileJson.class,
            CommandJson.class,
            BatchJson.class,
            BatchController.ForecastJson.class);

    private final ObjectMapper json = JsonMapper.shared();
    private final Map<String, Example> operations = new LinkedHashMap<>();
    private final JsonNode samples;

    /** One entry of the file; null or empty where the entry says nothing. */
    record Example(
            String summary,
            @Nullable String detail,
            @Nullable JsonNode request,
            @Nullable Integer status,
            @Nullable String sample,
            @Nullable String list,
            @Nullable String text,
            @Nullable String stream,
            @Nullable String schema,
            @Nullable List<Integer> also,
            @Nullable List<Integer> errors) {}

    ApiExamples() {
        try (InputStream file = ApiExamples.class.getResourceAsStream(FILE)) {
            if (file == null) {
                throw new IllegalStateException(FILE + " is missing");
            }
            JsonNode all = json.readTree(file);
            samples = all.get("samples");
            all.get("operations")
                    .properties()
                    .forEach(
                            entry -> operations.put(entry.getKey(), json.treeToValue(entry.getValue(), Example.class)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void customise(OpenAPI api) {
        Components components = api.getComponents();
        UNSEEN.forEach(type -> ModelConverters.getInstance(true).readAll(type).forEach(components::addSchemas));
        components.addSchemas("Problem", problemSchema());
        api.getPaths()
                .forEach((path, item) -> item.readOperationsMap().forEach((method, operation) -> {
                    Example example = operations.get(method + " " + path);
                    if (example != null) {
                        complete(operation, method, path, example);
                    }
                }));
    }

    private void complete(Operation operation, PathItem.HttpMethod method, String path, Example example) {
        operation.setSummary(example.summary());
        operation.setDescription(example.detail());
        operation.setTags(List.of(path.split("/")[3]));
        JsonNode request = example.request();
        if (request != null && operation.getRequestBody() != null) {
            operation
                    .getRequestBody()
                    .getContent()
                    .values()
                    .forEach(content -> content.setExample(json.convertValue(request, Object.class)));
        }
        ApiResponses responses = new ApiResponses();
        int status = example.status() == null ? 200 : example.status();
        responses.addApiResponse(Integer.toString(status), success(status, example));
        also(example).forEach(other -> responses.addApiResponse(Integer.toString(other), success(other, example)));
        for (int error : errors(method, path, operation, example)) {
            responses.addApiResponse(Integer.toString(error), problem(error));
        }
        operation.setResponses(responses);
    }

    private static List<Integer> also(Example example) {
        return example.also() == null ? List.of() : example.also();
    }

    private static TreeSet<Integer> errors(
            PathItem.HttpMethod method, String path, Operation operation, Example example) {
        TreeSet<Integer> errors = new TreeSet<>(List.of(401, 403, 429, 503));
        if (path.contains("{")) {
            errors.add(404);
        }
        if (operation.getRequestBody() != null) {
            errors.addAll(List.of(400, 413, 415));
        }
        if (operation.getParameters() != null
                && operation.getParameters().stream().anyMatch(parameter -> "query".equals(parameter.getIn()))) {
            errors.add(400);
        }
        List<Integer> more = example.errors();
        if (more != null) {
            errors.addAll(more);
        }
        return errors;
    }

    private ApiResponse success(int status, Example example) {
        ApiResponse response = new ApiResponse().description(reason(status));
        if (status == 201 || (status == 202 && "CommandJson".equals(example.schema()))) {
            response.addHeaderObject("Location", new Header().schema(new Schema<String>().type("string")));
        }
        if (example.text() != null) {
            MediaType text = new MediaType().schema(string()).example(example.text());
            MediaType bytes = new MediaType().schema(string()).example(example.text());
            return response.content(new Content()
                            .addMediaType("text/plain", text)
                            .addMediaType("application/octet-stream", bytes))
                    .addHeaderObject("X-Output-Complete", new Header().schema(string()));
        }
        if (example.stream() != null) {
            return response.content(new Content()
                    .addMediaType(
                            "text/event-stream",
                            new MediaType().schema(string()).example(example.stream())));
        }
        String sample = example.sample();
        String list = example.list();
        if (sample != null) {
            return response.content(json(schema(example.schema()), sample(sample)));
        }
        if (list != null) {
            Map<String, Object> page = new LinkedHashMap<>();
            page.put("items", List.of(sample(list)));
            page.put("next_cursor", null);
            Schema<?> cursor = new Schema<String>().types(new TreeSet<>(List.of("string", "null")));
            Schema<?> pageSchema = new Schema<>()
                    .types(new TreeSet<>(List.of("object")))
                    .addProperty("items", new ArraySchema().items(schema(example.schema())))
                    .addProperty("next_cursor", cursor);
            return response.content(json(pageSchema, page));
        }
        return response;
    }

    private Object sample(String name) {
        return json.convertValue(samples.get(name), Object.class);
    }

    private static Schema<?> string() {
        return new Schema<String>().types(new TreeSet<>(List.of("string")));
    }

    private static Schema<?> schema(@Nullable String name) {
        return new Schema<>().$ref("#/components/schemas/" + name);
    }

    private static Content json(Schema<?> schema, Object example) {
        return new Content().addMediaType(JSON, new MediaType().schema(schema).example(example));
    }

    private ApiResponse problem(int status) {
        HttpStatus known = HttpStatus.valueOf(status);
        Object example = json.readValue(ProblemWriter.body(example(known), "/api/v1/…"), Object.class);
        Content content = new Content()
                .addMediaType(
                        ProblemWriter.CONTENT_TYPE,
                        new MediaType().schema(schema("Problem")).example(example));
        ApiResponse response = new ApiResponse().description(reason(status)).content(content);
        if (status == 429 || status == 503) {
            response.addHeaderObject("Retry-After", new Header().schema(new Schema<Integer>().type("integer")));
        }
        return response;
    }

    private static Problem example(HttpStatus status) {
        return switch (status) {
            case BAD_REQUEST -> Problem.invalid("limit", "must be between 1 and 500");
            case CONTENT_TOO_LARGE -> Problem.tooLarge(ApiJson.BODY_BYTES);
            case UNPROCESSABLE_CONTENT -> Idempotency.keyReused();
            case CONFLICT -> Problem.conflict("agent-offline", "The agent has no live connection.");
            case FORBIDDEN -> Problem.of(status, "forbidden", "This needs the role technician; the token has viewer.");
            case UNAUTHORIZED ->
                Problem.of(status, "unauthenticated", "A valid API token is required: Authorization: Bearer <token>.");
            case TOO_MANY_REQUESTS ->
                Problem.of(status, "rate-limited", "This token makes more requests a second than the server allows.");
            case GATEWAY_TIMEOUT ->
                Problem.of(
                                status,
                                "echo-unanswered",
                                "The agent did not answer the Echo in time; the last rung that was proven is"
                                        + " PEER_READ.")
                        .withMembers(Map.of("last_rung", "PEER_READ"));
            default -> ErrorPage.problem(status);
        };
    }

    private static Schema<?> problemSchema() {
        Schema<?> object = new Schema<>().types(new TreeSet<>(List.of("object")));
        Stream.of("type", "title", "detail", "instance", "code").forEach(name -> object.addProperty(name, string()));
        object.addProperty("status", new Schema<Integer>().types(new TreeSet<>(List.of("integer"))));
        Schema<?> field = new Schema<>()
                .types(new TreeSet<>(List.of("object")))
                .addProperty("field", string())
                .addProperty("message", string());
        object.addProperty("errors", new ArraySchema().items(field));
        return object.required(new ArrayList<>(Arrays.asList("type", "title", "status", "detail", "instance", "code")));
    }

    private static String reason(int status) {
        return HttpStatus.valueOf(status).getReasonPhrase();
    }
}

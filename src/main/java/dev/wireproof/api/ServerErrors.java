package dev.wireproof.api;

import dev.wireproof.connection.BareHeaders;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Request.Handler;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/** What Jetty refuses before there is a servlet request (a bad request line, too many headers) is a problem too, and no page of HTML. */
@Component
class ServerErrors implements WebServerFactoryCustomizer<JettyServletWebServerFactory> {

    @Override
    public void customize(JettyServletWebServerFactory factory) {
        factory.addServerCustomizers(server -> server.setErrorHandler(answer()));
    }

    private static Handler answer() {
        return (Request request, Response response, Callback callback) -> {
            HttpStatus status = HttpStatus.resolve(response.getStatus());
            Problem problem = ErrorPage.problem(status == null ? HttpStatus.INTERNAL_SERVER_ERROR : status);
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, ProblemWriter.CONTENT_TYPE);
            BareHeaders.SECURITY.forEach(response.getHeaders()::put);
            problem.headers().forEach((name, value) -> response.getHeaders().put(name, value));
            byte[] body = ProblemWriter.body(
                    problem,
                    request.getHttpURI().getPathQuery() == null
                            ? ""
                            : String.valueOf(request.getHttpURI().getCanonicalPath()));
            response.write(true, ByteBuffer.wrap(body), callback);
            return true;
        };
    }
}

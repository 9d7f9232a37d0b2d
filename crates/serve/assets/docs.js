// Starts the page of the interface. Writes carry the token of the visit, so that somebody who is signed in to the
// console can try them.
"use strict";
(() => {
  const read = async () => {
    const answer = await fetch("/api/v1/session", { credentials: "same-origin" });
    return answer.ok ? (await answer.json()).csrf : null;
  };
  let token = read();
  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#interface",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    validatorUrl: null,
    requestInterceptor: async (request) => {
      if (request.method && request.method !== "GET" && !request.headers.Authorization) {
        token = read();
        const csrf = await token;
        if (csrf) request.headers["X-CSRF-Token"] = csrf;
      }
      return request;
    },
  });
})();

export { unknownRoute as default } from '#server/http/unknown-route'

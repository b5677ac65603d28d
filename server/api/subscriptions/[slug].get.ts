export { default } from '../tenants/[slug]/subscription.get'

export { default } from '../tenants/[slug]/subscription.patch'
